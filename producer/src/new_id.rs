use concord_protocol::JobId;

use crate::error::CliError;

/// A new id of 50 random bits: 10 letters and digits that are hard to confuse.
pub(crate) fn new_id() -> Result<JobId, CliError> {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut random = [0_u8; 10];
    getrandom::fill(&mut random)
        .map_err(|error| CliError::failed(anyhow::anyhow!("no random numbers: {error}")))?;
    let letters = random.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    letters.iter().collect::<String>().parse().map_err(CliError::failed)
}

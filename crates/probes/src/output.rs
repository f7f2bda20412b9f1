//! Output bytes of the probes that compute: IEEE 754 binary64, little-endian, on every platform.

/// Eight bytes a value, in the order of the values.
pub(crate) fn le_bytes(values: impl IntoIterator<Item = f64>) -> Vec<u8> {
    let values = values.into_iter();
    let mut bytes = Vec::with_capacity(values.size_hint().0.saturating_mul(size_of::<f64>()));
    values.for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
    bytes
}

/// The values back from the bytes.
#[cfg(test)]
pub(crate) fn values(bytes: &[u8]) -> Vec<f64> {
    let (values, rest) = bytes.as_chunks::<8>();
    assert!(rest.is_empty(), "the output is not a whole number of values");
    values.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
}

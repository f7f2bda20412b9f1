use std::hint::black_box;
use std::sync::Arc;

/// The same bytes to be shared, which needs as much memory again; `None` if the system does not give it.
pub(crate) fn shared_bytes(bytes: impl AsRef<[u8]>) -> Option<Arc<[u8]>> {
    let bytes = bytes.as_ref();
    // Shared bytes cannot be made in a way that fails when there is no memory: the process would end. So this asks for the
    // memory, and gives it back, before. Another thread may take it meanwhile.
    let mut room = Vec::<u8>::new();
    room.try_reserve_exact(bytes.len()).ok()?;
    // Else the compiler may leave the question out.
    drop(black_box(room));
    Some(Arc::from(bytes))
}

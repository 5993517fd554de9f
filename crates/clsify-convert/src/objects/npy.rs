//! `.npy` files, which skops keeps arrays in.

use clsify_base::error::Result;

use super::array::{Array, Content, Order};
use super::dtype::Dtype;
use crate::error::bad;

/// Reads a `.npy` file of version 1 to 3.
pub(crate) fn read_npy(bytes: &[u8]) -> Result<Array<'static>> {
    let malformed = || bad("expected a .npy file");
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(malformed)?;
    let (n, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        _ => return Err(malformed()),
    };
    let (header, content) = rest.split_at_checked(n).ok_or_else(malformed)?;
    let header = std::str::from_utf8(header).map_err(|e| malformed().caused_by(e))?;
    // The header is a dictionary of Python: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }.
    let value = |key: &str| header.split_once(&format!("'{key}':")).map(|(_, value)| value.trim_start());
    let descr = value("descr").and_then(|value| value.strip_prefix('\'')?.split('\'').next());
    let dtype = Dtype::parse(descr.ok_or_else(malformed)?)?;
    if dtype.is_object() {
        return Err(bad("expected an array of numbers or texts, got one of objects, which is a pickle"));
    }
    let order = match value("fortran_order") {
        Some(value) if value.starts_with("True") => Order::Fortran,
        Some(value) if value.starts_with("False") => Order::C,
        _ => return Err(malformed()),
    };
    let shape = value("shape").and_then(|value| value.strip_prefix('(')?.split(')').next());
    let sizes = shape.ok_or_else(malformed)?.split(',').map(str::trim).filter(|size| !size.is_empty());
    let shape =
        sizes.map(|size| size.parse::<usize>().map_err(|_| malformed())).collect::<Result<Vec<_>>>()?;
    Array::new(dtype, shape, order, Content::Bytes(content.to_vec().into()))
}

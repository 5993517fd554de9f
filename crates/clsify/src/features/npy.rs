//! `.npy` files: float32, C order (NumPy Enhancement Proposal 1, format version 1.0).

use std::io::Write;
use std::path::Path;

use crate::error::Result;
use crate::files::write_atomically;
use crate::matrix::Matrix;

/// Writes a matrix so that `numpy.load` gives an array of shape `[rows, cols]`.
///
/// # Errors
/// An I/O error with the path; the file appears whole or not at all.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("clsify-npy-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// use clsify::{features::save_npy, matrix::Matrix};
/// let path = folder.join("features.npy");
/// save_npy(&Matrix::from_vec(vec![1.0, 2.0], 1, 2)?, &path)?;
/// let bytes = std::fs::read(&path).unwrap();
/// assert_eq!((&bytes[..6], bytes.len()), (&b"\x93NUMPY"[..], 128 + 8));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn save_npy(matrix: &Matrix, path: &Path) -> Result<()> {
    write_atomically(path, |out| write_npy(matrix, out))
}

/// The bytes of [`save_npy`], to anywhere.
///
/// # Errors
/// Those of `out`.
///
/// ```
/// use clsify::{features::write_npy, matrix::Matrix};
/// let mut bytes = Vec::new();
/// write_npy(&Matrix::from_vec(vec![1.0, 2.0], 1, 2)?, &mut bytes).unwrap();
/// assert!(bytes.starts_with(b"\x93NUMPY"));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn write_npy(matrix: &Matrix, out: &mut dyn Write) -> std::io::Result<()> {
    let mut header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}",
        matrix.rows(),
        matrix.cols()
    );
    // Magic, version, length and header together end on a multiple of 64 bytes, the last of which is a newline.
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    out.write_all(b"\x93NUMPY\x01\x00")?;
    out.write_all(&(header.len() as u16).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    matrix.as_slice().iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))
}

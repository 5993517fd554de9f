//! `.npy` files: float32, C order (NumPy Enhancement Proposal 1, format version 1.0).
//!
//! The header comes first and contains the number of rows. Its length is the same for every number, so that rows can
//! be written as they arrive, and the header is rewritten when they have been counted.

use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use crate::error::Result;
use crate::files::write_atomically;
use crate::matrix::Matrix;

/// The length of magic, version, length and header together: a multiple of 64, larger than the 107 bytes that the
/// longest shape needs.
const HEADER_BYTES: usize = 128;

/// Writes a matrix so that `numpy.load` returns an array of shape `[rows, cols]`.
///
/// # Errors
/// An I/O error with the path; the file appears complete or not at all.
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
pub fn save_npy(matrix: &Matrix, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    write_atomically(path, |out| {
        out.write_all(&header(matrix.rows() as u64, matrix.cols()))?;
        write_rows(matrix, out)
    })
}

/// A `.npy` file whose rows arrive piece by piece.
///
/// ```
/// use clsify::{features::NpyWriter, matrix::Matrix};
/// let mut npy = NpyWriter::new(std::io::Cursor::new(Vec::new()), 2).unwrap();
/// npy.write(&Matrix::from_vec(vec![1.0, 2.0], 1, 2)?).unwrap();
/// npy.write(&Matrix::from_vec(vec![3.0, 4.0], 1, 2)?).unwrap();
/// let bytes = npy.finish().unwrap().into_inner();
/// assert!(bytes.starts_with(b"\x93NUMPY") && bytes.len() == 128 + 16);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub struct NpyWriter<W: Write + Seek> {
    out: BufWriter<W>,
    rows: u64,
    cols: usize,
}

impl<W: Write + Seek> NpyWriter<W> {
    /// Starts a file at the beginning of `out`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(out: W, cols: usize) -> std::io::Result<Self> {
        let mut out = BufWriter::new(out);
        out.write_all(&header(0, cols))?;
        Ok(NpyWriter { out, rows: 0, cols })
    }

    /// Appends rows.
    ///
    /// # Errors
    /// Those of `out`.
    ///
    /// # Panics
    /// Panics if the rows have another length.
    pub fn write(&mut self, rows: &Matrix) -> std::io::Result<()> {
        assert_eq!(rows.cols(), self.cols, "expected rows of {} numbers, got {}", self.cols, rows.cols());
        self.rows += rows.rows() as u64;
        write_rows(rows, &mut self.out)
    }

    /// Writes the number of rows, and returns `out` at its end.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(mut self) -> std::io::Result<W> {
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&header(self.rows, self.cols))?;
        self.out.seek(SeekFrom::End(0))?;
        self.out.into_inner().map_err(std::io::IntoInnerError::into_error)
    }
}

fn header(rows: u64, cols: usize) -> [u8; HEADER_BYTES] {
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {cols}), }}");
    let mut header = [b' '; HEADER_BYTES];
    header[..8].copy_from_slice(b"\x93NUMPY\x01\x00");
    header[8..10].copy_from_slice(&((HEADER_BYTES - 10) as u16).to_le_bytes());
    header[10..10 + text.len()].copy_from_slice(text.as_bytes());
    header[HEADER_BYTES - 1] = b'\n';
    header
}

fn write_rows(matrix: &Matrix, out: &mut dyn Write) -> std::io::Result<()> {
    let bytes = |numbers: &[f32]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    (0..matrix.rows()).try_for_each(|i| out.write_all(&bytes(matrix.row(i))))
}

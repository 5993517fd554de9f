//! The containers of a head: a pickle as it is, compressed by joblib, or a zip file of skops.

use std::io::Read;

use clsify_base::error::Result;

use crate::error::bad;

/// The maximum size of a file and of what is decompressed from it. A head of 1,000 classes and 4,096 features has 33 MB.
pub(crate) const MAX_BYTES: u64 = 1 << 28;

/// The maximum memory of the LZMA decoder, in KiB. Its largest preset needs 65 MB.
const MAX_LZMA_KIB: u32 = 1 << 17;

/// The kind of a file, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Pickle,
    Zip,
    Zlib,
    Gzip,
    Bzip2,
    Xz,
    Lzma,
}

impl Container {
    /// Recognises a file.
    ///
    /// # Errors
    /// For formats that are known but not supported.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self> {
        Ok(match bytes {
            [b'P', b'K', 3, 4, ..] => Container::Zip,
            [0x1f, 0x8b, ..] => Container::Gzip,
            [b'x', 0x01 | 0x5e | 0x9c | 0xda, ..] => Container::Zlib,
            [b'B', b'Z', b'h', ..] => Container::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Container::Xz,
            // The properties byte of every writer, and a dictionary size whose lowest byte is 0.
            [0x5d, 0, ..] => Container::Lzma,
            [0x04, 0x22, 0x4d, 0x18, ..] => {
                return Err(bad("expected a pickle, joblib or skops file, got one compressed with lz4")
                    .with_hint("save it again with joblib.dump(head, file, compress=3)"));
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                return Err(bad("expected a pickle, joblib or skops file, got one compressed with zstd")
                    .with_hint("decompress it first"));
            }
            [b'Z', b'F', ..] => {
                return Err(bad("expected a file of joblib 0.10 or later, got one of an earlier version")
                    .with_hint("load it with that version of joblib and save it with a newer one"));
            }
            _ => Container::Pickle,
        })
    }

    /// The pickle inside of a file that is no zip file.
    ///
    /// # Errors
    /// If the compressed data is damaged, or longer than [`MAX_BYTES`].
    pub(crate) fn decompress(self, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        let damaged = |e: std::io::Error| bad(format!("damaged compressed data: {e}")).caused_by(e);
        Ok(Some(match self {
            Container::Pickle | Container::Zip => return Ok(None),
            Container::Zlib => bounded(flate2::read::ZlibDecoder::new(bytes))?,
            Container::Gzip => bounded(flate2::read::MultiGzDecoder::new(bytes))?,
            Container::Bzip2 => bounded(bzip2::read::MultiBzDecoder::new(bytes))?,
            Container::Xz => bounded(lzma_rust2::XzReader::new_mem_limit(bytes, true, MAX_LZMA_KIB))?,
            Container::Lzma => {
                let reader = lzma_rust2::LzmaReader::new_mem_limit(bytes, MAX_LZMA_KIB, None);
                bounded(reader.map_err(damaged)?)?
            }
        }))
    }
}

/// All bytes of a decompressor, at most [`MAX_BYTES`].
pub(crate) fn bounded(reader: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = reader.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|e| bad(format!("damaged compressed data: {e}")).caused_by(e))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(bad(format!("expected at most {MAX_BYTES} bytes after decompression, got more")));
    }
    Ok(bytes)
}

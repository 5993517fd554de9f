//! Arrays that joblib puts between the opcodes: a `NumpyArrayWrapper` with shape and type, then the bytes.

use clsify_base::error::Result;

use super::cursor::Cursor;
use crate::error::bad;
use crate::objects::{Array, Content, Dtype, Heap, Id, Order, View};

/// The header of an array, whose content follows in the file.
pub(super) struct Wrapper {
    dtype: Dtype,
    shape: Vec<usize>,
    order: Order,
    is_aligned: bool,
}

/// Returns true for the object after whose BUILD the bytes of an array follow.
pub(super) fn is_wrapper(heap: &Heap, id: Id) -> bool {
    heap.class(id)
        .is_some_and(|(module, name)| name == "NumpyArrayWrapper" && module.ends_with("joblib.numpy_pickle"))
}

/// Reads the header.
pub(super) fn wrapper(heap: &Heap, id: Id) -> Result<Wrapper> {
    let view = View::new(heap, id);
    let dtype = view.attribute("dtype")?.dtype()?;
    let shape = view.attribute("shape")?.sizes()?;
    let order = match view.attribute("order")?.text()? {
        "C" => Order::C,
        "F" => Order::Fortran,
        other => return Err(bad(format!("expected the order C or F of an array, got {other:?}"))),
    };
    // Before joblib 1.2 there is no padding.
    let is_aligned = view.optional("numpy_array_alignment_bytes").is_some_and(|bytes| !bytes.is_none());
    Ok(Wrapper { dtype, shape, order, is_aligned })
}

impl Wrapper {
    /// Returns true if a pickle of its own follows, instead of bytes.
    pub(super) fn is_of_objects(&self) -> bool {
        self.dtype.is_object()
    }

    /// Reads the bytes.
    pub(super) fn array<'a>(self, cursor: &mut Cursor<'a>) -> Result<Array<'a>> {
        if self.is_aligned {
            let n = cursor.u8()?;
            cursor.take(u64::from(n))?;
        }
        let bytes = cursor.take(self.dtype.n_bytes(&self.shape)?)?;
        Array::new(self.dtype, self.shape, self.order, Content::Bytes(bytes.into()))
    }
}

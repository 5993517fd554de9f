//! Prints the public items of a crate, one per line, from the JSON of rustdoc.

use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let json = std::env::args_os().nth(1).ok_or("expected the JSON file of a crate")?;
    // Implementations by the compiler or by derives are left out, because they follow from the types and would be most of the lines.
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_auto_derived_impls(true)
        .omit_auto_trait_impls(true)
        .omit_blanket_impls(true)
        .build()?;
    std::io::stdout().write_all(api.to_string().as_bytes())?;
    Ok(())
}

//! Writes the headers of `generated/`: `cargo run -p proofmill-kernels --example generate -- FOLDER`.

use proofmill_field::FieldId;
use proofmill_kernels::constants;
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| std::io::Error::other("usage: generate FOLDER"))?;
    for field in FieldId::ALL {
        std::fs::write(
            folder.join(constants::header_name(field)),
            constants::header(field),
        )?;
    }
    Ok(())
}

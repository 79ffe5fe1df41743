//! Files and texts that others wrote: read up to a limit, shown without what they could do to a terminal.

use crate::Error;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of the largest board file or manifest that is read.
const MAX_BYTES: u64 = 1 << 20;
/// Characters of the longest text that is shown whole.
const MAX_SHOWN: usize = 200;

/// A text on one line: control characters escaped, cut where it is long.
pub fn shown(text: &str) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        match c {
            _ if i == MAX_SHOWN => {
                out.push('…');
                break;
            }
            '"' | '\'' | '\\' => out.push(c),
            c => out.extend(c.escape_debug()),
        }
    }
    out
}

/// A board file's or a manifest's text.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    let bytes = read_up_to(MAX_BYTES, path)?;
    let text = String::from_utf8(bytes).map_err(io::Error::other);
    text.map_err(Error::io(path, "read"))
}

/// A file's bytes, which are no more than these.
pub(crate) fn read_up_to(max: u64, path: &Path) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(Error::io(path, "open"))?;
    let mut bytes = Vec::new();
    let read = file.take(max + 1).read_to_end(&mut bytes);
    let read = read.and_then(|len| match len as u64 > max {
        true => Err(io::Error::other(format!(
            "expected {} MiB at most, found more",
            max >> 20
        ))),
        false => Ok(bytes),
    });
    read.map_err(Error::io(path, "read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_escaped_and_long_texts_are_cut() {
        let expected = r#"a "b" c\d \u{1b}[2J\n\u{202e}é"#;
        assert_eq!(shown("a \"b\" c\\d \u{1b}[2J\n\u{202e}é"), expected);
        assert_eq!(shown(&"é".repeat(200)), "é".repeat(200));
        assert_eq!(shown(&"é".repeat(201)), "é".repeat(200) + "…");
    }
}

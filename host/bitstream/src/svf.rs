//! The beginning of SVF files: which part they are for.

use crate::text::shown;
use crate::{Malformed, Part};
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take_until};
use nom::character::complete::{
    alpha1, char, hex_digit1, multispace0, multispace1, not_line_ending, u32,
};
use nom::combinator::{opt, recognize, value};
use nom::multi::many0_count;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, error::Error};

/// Statements that are looked through for the IDCODE: it comes before anything is shifted into the FPGA.
const STATEMENTS: usize = 64;
/// JTAG's instruction that reads the IDCODE (FPGA-TN-02039, IDCODE_PUB).
const READ_ID: &str = "E0";

/// The part whose IDCODE the file expects before it does anything else.
///
/// Errors: no SVF statement at its start; no such check among the first ones; the IDCODE of another family.
pub fn part(text: &str) -> Result<&'static Part, Malformed> {
    let (mut rest, mut instruction) = (text, None);
    for _ in 0..STATEMENTS {
        let offset = text.len() - rest.len();
        let malformed = |expected: &str, found: &str| Malformed {
            section: "SVF header",
            offset,
            expected: expected.into(),
            found: found.into(),
        };
        let Ok((after, statement)) = statement(rest) else {
            let found = rest.trim_start().chars().take(20).collect::<String>();
            let found = if found.is_empty() {
                "the end".into()
            } else {
                format!("{found:?}")
            };
            return Err(malformed("a check of the IDCODE", &found));
        };
        if let Ok((_, shifted)) = shift("SIR", statement) {
            instruction = shifted.data;
        } else if let (Ok((_, shifted)), Some(READ_ID)) = (shift("SDR", statement), instruction)
            && let Some(digits) = shifted.expected
        {
            let idcode = u32::from_str_radix(digits, 16).ok();
            let part = idcode.and_then(Part::by_idcode);
            return part.ok_or_else(|| malformed("the IDCODE of an ECP5", &shown(digits)));
        }
        rest = after;
    }
    Err(Malformed {
        section: "SVF header",
        offset: text.len() - rest.len(),
        expected: "a check of the IDCODE".into(),
        found: format!("none in {STATEMENTS} statements"),
    })
}

/// A statement without its semicolon, comments before it skipped.
fn statement(input: &str) -> IResult<&str, &str> {
    let comment = recognize((
        alt((recognize(char('!')), tag_no_case("//"))),
        not_line_ending,
    ));
    let blank = many0_count(alt((value((), multispace1), value((), comment))));
    let (rest, text) = preceded(blank, terminated(take_until(";"), char(';'))).parse(input)?;
    // a word of SVF is letters
    alpha1(text)?;
    Ok((rest, text))
}

/// What a statement shifts.
struct Shift<'a> {
    /// TDI
    data: Option<&'a str>,
    /// TDO
    expected: Option<&'a str>,
}

/// `SIR 8 TDI (E0)` or `SDR 32 TDI (…) TDO (…) MASK (…)`, the data on one line.
fn shift<'a>(word: &str, statement: &'a str) -> IResult<&'a str, Shift<'a>> {
    let (input, _) = (tag_no_case(word), multispace1, u32, multispace0).parse(statement)?;
    let (input, data) = opt(|input| field("TDI", input)).parse(input)?;
    let (rest, expected) = opt(|input| field("TDO", input)).parse(input)?;
    Ok((rest, Shift { data, expected }))
}

fn field<'a>(word: &str, input: &'a str) -> IResult<&'a str, &'a str> {
    let open = (
        tag_no_case::<_, _, Error<&str>>(word),
        multispace0,
        char('('),
        multispace0,
    );
    let close = (multispace0, char(')'), multispace0);
    delimited(open, hex_digit1, close).parse(input)
}

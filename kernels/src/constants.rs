//! The headers of `generated/`: a field's constants as the kernels want them.

use proofmill_field::{FieldId, FieldSpec, Int};
use std::fmt::Write;

/// Name of a field's header.
pub fn header_name(field: FieldId) -> String {
    format!("{}.h", field.spec().name)
}

/// The header itself, from `host/field`.
pub fn header(field: FieldId) -> String {
    let spec = field.spec();
    let mut text = format!(
        "/* {}, generated from host/field by `make kernels`. */\n",
        spec.name
    );
    let mut define = |name: &str, value: String| {
        // a String takes everything
        let _ = writeln!(text, "#define {name} {value}");
    };
    match spec.bytes {
        4 => {
            define("P", format!("{:#x}u", spec.modulus[0]));
            define("ONE", format!("{:#x}u", spec.one[0]));
            define("NEG_INVERSE_32", format!("{:#x}u", spec.neg_inverse as u32));
        }
        8 => define("P", format!("{:#x}", spec.modulus[0])),
        _ => {
            define("LIMBS", spec.limbs().to_string());
            define("MODULUS", braces(spec, &spec.modulus));
            define("ONE", braces(spec, &spec.one));
            define("NEG_INVERSE", format!("{:#018x}", spec.neg_inverse));
        }
    }
    text
}

fn braces(spec: &FieldSpec, a: &Int) -> String {
    let limbs = a[..spec.limbs()].iter().map(|limb| format!("{limb:#018x}"));
    format!("{{{}}}", limbs.collect::<Vec<_>>().join(", "))
}

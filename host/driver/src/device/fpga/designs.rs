//! Which hardware this build drives: the designs in the built-in table, and those of which the operator has put a
//! manifest into a folder.

use proofmill_wire::DesignId;
use std::path::Path;

/// A line for each design: its id, its name. The tests of the hardware compare it with what they emit.
const GOLDEN: &str = include_str!("designs.txt");

/// The name of a design, if it is known. Manifests are the `*.json` files of the folder.
pub(super) fn name(design: DesignId, folder: Option<&Path>) -> Option<String> {
    let golden = GOLDEN.lines().filter_map(|line| line.split_once(' '));
    let golden = golden.map(|(id, name)| (DesignId::from_hex(id), name.to_string()));
    let manifests = folder.and_then(|folder| std::fs::read_dir(folder).ok());
    let manifests = manifests.into_iter().flatten().flatten();
    let manifests = manifests.filter_map(|entry| manifest(&entry.path()));
    golden
        .chain(manifests)
        .find_map(|(id, name)| (id == Some(design)).then_some(name))
}

/// The design and name in a manifest; `None` for other files.
fn manifest(path: &Path) -> Option<(Option<DesignId>, String)> {
    if path.extension()? != "json" {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    let record: serde_json::Value = serde_json::from_str(&text).ok()?;
    let text = |key: &str| record[key].as_str();
    Some((
        DesignId::from_hex(text("design_hash")?),
        text("design")?.to_string(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        for line in GOLDEN.lines() {
            let (id, name) = line.split_once(' ').unwrap();
            assert!(
                DesignId::from_hex(id).is_some() && !name.is_empty(),
                "{line}"
            );
        }
    }

    #[test]
    fn a_manifest_makes_a_design_known() {
        let folder = tempfile::tempdir().unwrap();
        let design = DesignId([7; 32]);
        assert_eq!(name(design, Some(folder.path())), None);
        let write =
            |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
        write("a.json", "no json");
        write("b.json", r#"{"design": "other", "design_hash": "00"}"#);
        let manifest = format!(r#"{{"design": "mine", "design_hash": "{design}"}}"#);
        write("c.txt", &manifest);
        assert_eq!(name(design, Some(folder.path())), None);
        write("c.json", &manifest);
        assert_eq!(name(design, Some(folder.path())), Some("mine".into()));
        assert_eq!(name(DesignId::default(), Some(folder.path())), None);
        assert_eq!(name(design, Some(Path::new("/nonexistent"))), None);
    }
}

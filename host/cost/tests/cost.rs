//! The formula by hand, and files that are wrong.

#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests

use proofmill_cost::{
    BadRecord, BadTariff, NoPrice, Priced, Record, Tariff, parse, price, verdicts, workloads,
};

const SHIPPED: &str = include_str!("../tariffs.toml");

/// A machine whose terms are powers of ten, and the lines that change it.
fn machine(name: &str, changed: &[(&str, &str)]) -> String {
    let terms = [
        ("capex_usd", "35064"), // 1 $ an hour with the two below
        ("life_years", "2"),
        ("resale", "0.5"),
        ("rent_usd_per_hour", "0.5"),
        ("idle_watts", "100"),
        ("load_watts", "1100"),
        ("host_watts", "1000"),
        ("pue", "1.5"),
        ("electricity_usd_per_kwh", "0.1"),
        ("utilisation", "0.5"),
        ("success_rate", "0.8"),
        ("redundancy", "2"),
        ("fees_usd", "0.25"),
    ];
    let mut out = format!(
        "[[machine]]\nname = \"{name}\"\ndevices = [\"cpu\", \"cuda:1\"]\n[machine.terms]\n"
    );
    for (term, value) in terms {
        let change = changed.iter().find(|(t, _)| *t == term);
        let value = change.map_or(value, |(_, v)| v);
        if !value.is_empty() {
            out +=
                &format!("{term} = {{ value = {value}, source = \"test\", date = 2026-01-02 }}\n");
        }
    }
    out
}

fn one(changed: &[(&str, &str)]) -> Result<Tariff, BadTariff> {
    parse(&machine("m", changed)).map(|mut all| all.remove(0))
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * b.abs(), "{a} {b}");
}

#[test]
fn every_term_is_where_the_formula_has_it() {
    let tariff = one(&[]).unwrap();
    let cost = price(&tariff, 360.0, None);
    // a tenth of an hour, made twice, 0.8 of them good: 0.25 hours of proving, 0.5 paid for
    let expected = [
        ("purchase", 0.5),
        ("rent", 0.25),
        ("electricity, idle", 0.5 * 0.1 * 1.5 * 0.1),
        ("electricity, proving", 0.25 * 2.0 * 1.5 * 0.1),
        ("fees", 0.25),
    ];
    for (part, (name, usd)) in cost.parts.iter().zip(expected) {
        assert_eq!(part.name, name);
        close(part.usd, usd);
    }
    close(cost.usd, expected.iter().map(|(_, usd)| usd).sum());
    close(cost.kwh, 0.075 + 0.75);
}

#[test]
fn electricity_has_its_hours() {
    let hours: Vec<String> = (0..24).map(|h| format!("{}", h as f64 / 10.0)).collect();
    let hours = format!("[{}]", hours.join(", "));
    let tariff = one(&[("electricity_usd_per_kwh", &hours)]).unwrap();
    let electricity = |hour| price(&tariff, 360.0, hour).parts[3].usd;
    close(electricity(Some(0)) + 1.0, 1.0);
    close(electricity(Some(23)), 0.75 * 2.3);
    close(electricity(None), 0.75 * 1.15);
}

#[test]
fn what_a_machine_does_not_give_is_common() {
    let common = "[common]\npue = { value = 2, source = \"bill\", date = 2026-01-02 }\n";
    let text = format!("{common}{}", machine("m", &[("pue", "")]));
    let tariff = parse(&text).unwrap().remove(0);
    close(price(&tariff, 360.0, None).kwh, (0.075 + 0.75) / 1.5 * 2.0);
    let pue = tariff
        .sources()
        .into_iter()
        .find(|s| s.name == "pue")
        .unwrap();
    assert_eq!(
        (pue.term.source.as_str(), pue.term.date().as_str()),
        ("bill", "2026-01-02")
    );
}

#[test]
fn the_shipped_file_is_good() {
    let names: Vec<_> = parse(SHIPPED)
        .unwrap()
        .into_iter()
        .map(|t| t.name)
        .collect();
    assert!(names.contains(&"own server".to_string()), "{names:?}");
}

#[test]
fn bad_tariffs_are_refused() {
    let says = |changed: &[(&str, &str)], message: &str| {
        let error = one(changed).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    };
    says(&[("pue", "")], "machine m: expected pue");
    says(
        &[("pue", "0.9")],
        "machine m: pue: expected 1 to 10, found 0.9",
    );
    says(
        &[("utilisation", "0")],
        "utilisation: expected 0.000001 to 1, found 0",
    );
    says(&[("success_rate", "nan")], "success_rate");
    says(&[("idle_watts", "-1")], "idle_watts");
    says(
        &[("load_watts", "99")],
        "load_watts: expected idle_watts, 100, or more, found 99",
    );
    says(
        &[("redundancy", "[1, 2]")],
        "redundancy: expected one number, found 2",
    );
    says(
        &[("electricity_usd_per_kwh", "[1, 2]")],
        "expected 1 or 24 numbers, found 2",
    );
    says(&[("life_years", "")], "capex_usd with life_years");
    says(
        &[
            ("capex_usd", ""),
            ("life_years", ""),
            ("rent_usd_per_hour", ""),
        ],
        "or rent_usd_per_hour",
    );
    assert!(
        one(&[("capex_usd", ""), ("life_years", "")]).is_ok(),
        "a rented one"
    );

    let twice = machine("m", &[]) + &machine("m", &[]);
    assert!(matches!(parse(&twice), Err(BadTariff::Twice(_))));
    assert!(matches!(parse(""), Err(BadTariff::Empty)));
    let typo = machine("m", &[]).replace("idle_watts", "idle_wats");
    assert!(parse(&typo).unwrap_err().to_string().contains("idle_wats"));
    let bare = machine("m", &[]).replace("source = \"test\", ", "");
    assert!(parse(&bare).unwrap_err().to_string().contains("source"));
    let dateless = machine("m", &[]).replace("2026-01-02", "\"soon\"");
    assert!(matches!(parse(&dateless), Err(BadTariff::Toml(_))));
}

fn record(file: &str, device: &str, micros: u64) -> String {
    let kernels = micros / 2;
    format!(
        r#"{{"program": "proofmill", "key": {{"file": "{file}", "domain": 8}}, "check": "proof", "total_us": {micros},
            "steps": [{{"name": "start", "device": "host", "time_us": 9}}, {{"name": "msm A", "device": "{device}", "time_us": 7}},
            {{"name": "msm H", "device": "", "time_us": 0}}, {{"name": "kernels", "device": "{device}", "time_us": {kernels}}}]}}"#
    )
}

#[test]
fn records_of_equal_proofs_make_one_workload() {
    let mut records: Vec<_> = (1..=20)
        .rev()
        .map(|i| Record::parse(&record("a", "cpu:0", i * 1_000_000)).unwrap())
        .collect();
    records.push(Record::parse(&record("a", "cuda:1, cpu:0", 5_000_000)).unwrap());
    records.push(Record::parse(&record("b", "fpga:0", 1)).unwrap());
    let workloads = workloads(&records);
    let [cpu, cuda, fpga] = &workloads[..] else {
        panic!("{workloads:?}")
    };
    assert_eq!((cpu.runs(), cuda.runs(), fpga.runs()), (20, 1, 1));
    close(cpu.quantile(0.5), 10.0);
    close(cpu.quantile(0.95), 19.0);
    close(cpu.kernels, 10.5 / 2.0);
    assert_eq!(cuda.devices, ["cpu:0", "cuda:1"]);
}

/// One proof of each of these times, on these devices of a machine.
fn proofs(machine: Option<&str>, device: &str, seconds: u64) -> Record {
    let record = Record::parse(&record("a", device, seconds * 1_000_000)).unwrap();
    machine.into_iter().fold(record, Record::on)
}

#[test]
fn a_workload_is_priced_on_its_machine() {
    let frugal = [
        ("idle_watts", "1"),
        ("load_watts", "2"),
        ("rent_usd_per_hour", "900"),
    ];
    let tariffs = parse(&(machine("m", &[]) + &machine("frugal", &frugal))).unwrap();
    let records = [
        proofs(Some("m"), "cpu:0", 10),
        proofs(Some("frugal"), "cpu:0", 9),
        proofs(Some("m"), "cpu:0, cuda:1", 8),
        proofs(None, "cpu:0", 1),
        proofs(Some("other"), "cpu:0", 1),
        proofs(None, "cpu:0, cuda:2", 1),
    ];
    let workloads = workloads(&records);
    let priced: Vec<_> = workloads
        .iter()
        .map(|w| Priced::new(w, &tariffs, None))
        .collect();
    let faults: Vec<_> = priced.iter().filter_map(|p| p.as_ref().err()).collect();
    assert!(
        faults
            .iter()
            .any(|f| matches!(f, NoPrice::Several { machines, .. } if machines == "m, frugal"))
    );
    assert!(
        faults
            .iter()
            .any(|f| matches!(f, NoPrice::Unknown { found, .. } if found == "other"))
    );
    assert!(
        faults
            .iter()
            .any(|f| matches!(f, NoPrice::Nobody { devices, .. } if devices == "cpu:0, cuda:2"))
    );
    assert_eq!(faults.len(), 3);
    let priced: Vec<_> = priced.into_iter().flatten().collect();
    assert_eq!(priced.len(), 3);
    let [verdict] = &verdicts(&priced)[..] else {
        panic!("one workload has prices")
    };
    assert_eq!(verdict.fastest.workload.devices, ["cpu:0", "cuda:1"]);
    assert_eq!(verdict.cheapest.workload.devices, ["cpu:0", "cuda:1"]);
    assert_eq!(verdict.most_frugal.tariff.name, "frugal");
}

#[test]
fn bad_records_are_refused() {
    assert!(matches!(Record::parse("{"), Err(BadRecord::Json(_))));
    assert!(matches!(Record::parse("{}"), Err(BadRecord::Json(_))));
    let other = record("a", "cpu:0", 7).replace("proofmill", "snarkjs");
    assert!(matches!(Record::parse(&other), Err(BadRecord::Program(p)) if p == "snarkjs"));
    let kernels = record("a", "cpu:0", 8).replace(r#""time_us": 4"#, r#""time_us": 40"#);
    assert!(matches!(Record::parse(&kernels), Err(BadRecord::Kernels)));
    let none = record("a", "cpu:0", 8).replace("kernels", "colonels");
    assert!(matches!(Record::parse(&none), Err(BadRecord::Kernels)));
    let instant = record("a", "cpu:0", 0);
    assert!(matches!(Record::parse(&instant), Err(BadRecord::Time(_))));
}

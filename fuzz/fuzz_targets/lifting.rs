#![no_main]

#[path = "../../crates/arm/tests/fuzzed/run.rs"]
#[expect(dead_code, reason = "each target runs one of them")]
mod run;

libfuzzer_sys::fuzz_target!(|text: &str| run::lifting(text));

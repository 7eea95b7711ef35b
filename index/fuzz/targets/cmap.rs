#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| docent_index::extract::laws::cmap(bytes));

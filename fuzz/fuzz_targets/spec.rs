//! Any bytes as a spec: the loader answers with findings, never with a panic.
//!
//! The input is split at the first line of `%%%`: the platform before it, one store after it. Run it with
//! `cargo +nightly fuzz run spec fuzz/seeds/spec -- -max_total_time=600`.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use storeyard_core::diagnostic::{Style, to_text};
use storeyard_core::library::{Library, embedded_files};
use storeyard_core::plan::Plan;
use storeyard_core::source::Sources;
use storeyard_core::spec::{self, SpecFiles};

static LIBRARY: OnceLock<(Library, Sources)> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    let (library, sources) = LIBRARY.get_or_init(|| {
        let mut sources = Sources::default();
        let (library, _) = Library::load(&embedded_files(), &mut sources);
        (library, sources)
    });
    let mark = b"\n%%%\n";
    let at = data.windows(mark.len()).position(|w| w == mark);
    let (platform, store) = match at {
        Some(at) => (&data[..at], &data[at + mark.len()..]),
        None => (data, &data[data.len()..]),
    };
    let mut files = SpecFiles { platform: ("storeyard.yaml".to_owned(), platform.to_vec()), stores: Vec::new() };
    if !store.is_empty() {
        files.stores.push(("stores/fuzz.yaml".to_owned(), store.to_vec()));
    }
    let mut sources = sources.clone();
    let (spec, findings) = spec::load(&files, library, "2026-11-22", &mut sources);
    // Excerpts are the other place where offsets meet text.
    let _ = to_text(&findings, &sources, Style::Plain);
    if let Some(spec) = spec {
        if let Err(problems) = Plan::resolve(&spec, library) {
            let _ = to_text(&problems, &sources, Style::Plain);
        }
    }
});

//! A provider's stream to chunks: any cut of the bytes gives the same, and garbage is an error, never a panic.

#![no_main]

use aether_generation::provider::read::read_all;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (cuts, bytes) = input;
    let whole = read_all([bytes.as_slice()]);
    let mut pieces = Vec::new();
    let mut rest = bytes.as_slice();
    for cut in cuts {
        let (piece, after) = rest.split_at(usize::from(cut).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    assert_eq!(format!("{:?}", read_all(pieces)), format!("{whole:?}"));
});

//! Writes the vocabulary of o200k_base as the library reads it: for each token, in order of rank, one byte with its length
//! and then its bytes. The crate it comes from brings tables of 32 MB for one encoding; this is 1.5 MB.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let bpe = &bpe_openai::o200k_base().bpe;
    let mut vocabulary = Vec::new();
    for rank in 0..u32::try_from(bpe.num_tokens())? {
        let token = bpe.decode_tokens(&[rank]);
        vocabulary.push(u8::try_from(token.len())?);
        vocabulary.extend(token);
    }
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("o200k_base.bin"), vocabulary)?;
    Ok(())
}

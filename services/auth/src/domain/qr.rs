//! A text as a QR code: a small PNG in black and white, inside a `data:` URL.

use aether_common::problem::Problem;
use base64::{Engine, engine::general_purpose::STANDARD};
use png::{BitDepth, ColorType, Encoder};
use qrcodegen::{QrCode, QrCodeEcc};

/// Pixels to a side of each module.
const SCALE: i32 = 6;
/// The light margin that readers need, in modules.
const MARGIN: i32 = 4;

/// The picture.
pub fn data_url(text: &str) -> Result<String, Problem> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(Problem::internal)?;
    let modules = code.size() + 2 * MARGIN;
    let mut rows = Vec::new();
    for y in 0..modules {
        let row = row(&code, y - MARGIN, modules);
        for _ in 0..SCALE {
            rows.extend_from_slice(&row);
        }
    }
    let side = u32::try_from(modules * SCALE).map_err(Problem::internal)?;
    let mut png = Vec::new();
    let mut encoder = Encoder::new(&mut png, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&rows)?;
        writer.finish()
    });
    written.map_err(Problem::internal)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png)))
}

/// One line of pixels, eight to a byte, the leftmost first; a light one is 1.
fn row(code: &QrCode, y: i32, modules: i32) -> Vec<u8> {
    let pixels: Vec<bool> = (0..modules * SCALE).map(|x| !code.get_module(x / SCALE - MARGIN, y)).collect();
    pixels
        .chunks(8)
        .map(|byte| byte.iter().enumerate().fold(0, |sum, (at, light)| sum | u8::from(*light) << (7 - at)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_shows_the_code_in_a_light_frame() {
        let url = data_url("otpauth://totp/AetherOS:ana%40example.com?secret=AAAA").unwrap();
        let png = STANDARD.decode(url.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(
            (info.width, info.color_type, info.bit_depth),
            (info.height, ColorType::Grayscale, BitDepth::One)
        );
        let light = |x: usize, y: usize| pixels[y * info.line_size + x / 8] >> (7 - x % 8) & 1 == 1;
        // The first finder: a dark ring of 7 modules, a light one of 5, a dark heart of 3.
        let scale = usize::try_from(SCALE).unwrap();
        let across: String =
            (0..12).map(|module| if light(module * scale + 1, 7 * scale + 1) { '.' } else { '#' }).collect();
        assert_eq!(across, "....#.###.#.");
        assert!((0..usize::try_from(info.width).unwrap()).all(|x| light(x, 0) && light(x, 4 * scale - 1)));
    }

    #[test]
    fn a_text_that_no_code_can_hold_is_no_panic() {
        assert_eq!(data_url(&"a".repeat(5_000)).unwrap_err().status, 500);
    }
}

//! The document that generated apps run in, and the headers that make a sandbox of it: an origin of its own, no network, no
//! features of the device. `gateway/nginx.conf` and `frontend/preview/frame.ts` say the same, and tests compare them.

/// Where it is. The page may frame what lies in this folder, and nothing else.
pub const PATH: &str = "/preview/frame";
/// The file of the build that it is.
pub const FILE: &str = "preview/frame.html";

/// `sandbox` holds even when somebody opens the address by itself. The hash is that of `frontend/preview/boot.js`: a nonce would
/// be inherited by `import()`, which could then fetch from anywhere.
pub const CONTENT_SECURITY_POLICY: &str = "sandbox allow-scripts allow-forms; default-src 'none'; script-src \
'sha256-+971fOU5uTM+nnV5/6N7paiib296WvATETTZDgW1VZY=' blob:; style-src 'unsafe-inline'; img-src \
data: blob:; font-src data:; media-src data: blob:; connect-src 'none'; worker-src 'none'; \
frame-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/// All that is sent with it, in the spelling of nginx.
pub const HEADERS: [(&str, &str); 7] = [
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    // What no policy covers, such as WebRTC and preconnect, reaches no address but that of this answer.
    ("Connection-Allowlist", "(response-origin)"),
    ("Permissions-Policy", PERMISSIONS_POLICY),
    ("Referrer-Policy", "no-referrer"),
    ("X-DNS-Prefetch-Control", "off"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
];

const PERMISSIONS_POLICY: &str = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), \
clipboard-write=(), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), \
geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), \
keyboard-map=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), otp-credentials=(), \
payment=(), picture-in-picture=(), publickey-credentials-create=(), \
publickey-credentials-get=(), screen-wake-lock=(), serial=(), storage-access=(), usb=(), \
window-management=(), xr-spatial-tracking=()";

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};

    use super::CONTENT_SECURITY_POLICY;

    #[test]
    fn the_policy_admits_the_script_of_the_frame_and_no_other() {
        let hash = STANDARD.encode(Sha256::digest(include_bytes!("../../../frontend/preview/boot.js")));
        assert!(
            CONTENT_SECURITY_POLICY.contains(&format!("script-src 'sha256-{hash}' blob:;")),
            "frontend/preview/boot.js has changed: its hash is now sha256-{hash}"
        );
    }
}

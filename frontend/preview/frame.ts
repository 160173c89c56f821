// The frame's document and the headers that make it a sandbox. `aether` and nginx send the same; tests compare all three.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const read = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");

/** What the browser compares the inline script with. */
export function bootHash(): string {
  return `sha256-${createHash("sha256").update(read("boot.js")).digest("base64")}`;
}

export function framePage(): { html: string; headers: Record<string, string> } {
  const html = read("frame.html").replace("/*boot*/", () => read("boot.js"));
  const policy = [
    "sandbox allow-scripts allow-forms",
    "default-src 'none'",
    `script-src '${bootHash()}' blob:`,
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "font-src data:",
    "media-src data: blob:",
    "connect-src 'none'",
    "worker-src 'none'",
    "frame-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
  ].join("; ");
  const headers = {
    "Content-Security-Policy": policy,
    "Connection-Allowlist": "(response-origin)",
    "Permissions-Policy": [...OFF].map((feature) => `${feature}=()`).join(", "),
    "Referrer-Policy": "no-referrer",
    "X-DNS-Prefetch-Control": "off",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  };
  return { html, headers };
}

/** Every feature that Chromium knows by this header and an app has no use for here: all. */
const OFF = [
  "accelerometer",
  "autoplay",
  "browsing-topics",
  "camera",
  "clipboard-read",
  "clipboard-write",
  "display-capture",
  "encrypted-media",
  "fullscreen",
  "gamepad",
  "geolocation",
  "gyroscope",
  "hid",
  "identity-credentials-get",
  "idle-detection",
  "keyboard-map",
  "local-fonts",
  "magnetometer",
  "microphone",
  "midi",
  "otp-credentials",
  "payment",
  "picture-in-picture",
  "publickey-credentials-create",
  "publickey-credentials-get",
  "screen-wake-lock",
  "serial",
  "storage-access",
  "usb",
  "window-management",
  "xr-spatial-tracking",
];

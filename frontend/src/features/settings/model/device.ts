// A program that signed in, in words: it calls itself by its User-Agent. Pure.

export type DeviceKind = "computer" | "phone" | "program";

export interface Device {
  name: string;
  kind: DeviceKind;
}

// The order tells: every browser says that it is all those before it.
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\/|\bEdgiOS\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\bHeadlessChrome\/|\bChrome\/|\bCriOS\//, "Chrome"],
  [/\bVersion\/.+\bSafari\//, "Safari"],
];
const systems: readonly (readonly [RegExp, string, DeviceKind])[] = [
  [/\biPhone\b/, "iPhone", "phone"],
  [/\biPad\b/, "iPad", "phone"],
  [/\bAndroid\b/, "Android", "phone"],
  [/\bWindows\b/, "Windows", "computer"],
  [/\bMacintosh\b|\bMac OS X\b/, "macOS", "computer"],
  [/\bCrOS\b/, "ChromeOS", "computer"],
  [/\bLinux\b|\bX11\b/, "Linux", "computer"],
];

export function deviceOf(userAgent: string | null | undefined): Device {
  const text = userAgent?.trim() ?? "";
  if (text === "") return { name: "A program without a name", kind: "program" };
  const browser = browsers.find(([pattern]) => pattern.test(text))?.[1];
  const system = systems.find(([pattern]) => pattern.test(text));
  if (browser) return { name: system ? `${browser} on ${system[1]}` : browser, kind: system?.[2] ?? "computer" };
  // "curl/8.5.0", "python-requests/2.32": its own name is the best there is.
  const product = /^([\w.+-]{1,40})(?:\/([\w.+-]{1,20}))?/.exec(text);
  if (product?.[1] && product[1] !== "Mozilla")
    return { name: [product[1], product[2]].filter(Boolean).join(" "), kind: "program" };
  return { name: system ? `A browser on ${system[1]}` : "An unknown program", kind: system?.[2] ?? "program" };
}

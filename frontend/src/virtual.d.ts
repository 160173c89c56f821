// Modules that the build makes (preview/vite-plugin.ts).

declare module "virtual:preview-packages" {
  /** Where each package of the preview is fetched from. */
  const urls: Record<string, string>;
  export default urls;
}

interface TrustedScriptURL {
  readonly trusted: unique symbol;
}

interface Window {
  readonly trustedTypes?: {
    createPolicy: (
      name: string,
      rules: { createScriptURL: (url: string) => string },
    ) => { createScriptURL: (url: string) => TrustedScriptURL };
  };
}

declare var trustedTypes: Window["trustedTypes"];

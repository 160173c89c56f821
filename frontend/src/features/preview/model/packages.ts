// The packages that an app in the preview may import. The prompt for apps (services/generation/prompts/ui) names the same.

/** What is imported, as a factory of its own each, and the packages that it shares with others instead of bringing its own. */
export const PACKAGES = {
  react: [],
  "react/jsx-runtime": ["react"],
  "react-dom": ["react"],
  "react-dom/client": ["react", "react-dom"],
  "lucide-react": ["react"],
  recharts: ["react", "react-dom", "react/jsx-runtime"],
  zustand: ["react"],
  "zustand/middleware": ["react"],
  "zustand/shallow": ["react"],
  "zustand/react/shallow": ["react"],
  "date-fns": [],
  clsx: [],
} as const satisfies Record<string, readonly string[]>;

export type PackageName = keyof typeof PACKAGES;

/** What every React app needs, whatever it imports. */
export const BASE = ["react", "react/jsx-runtime", "react-dom", "react-dom/client"] as const satisfies PackageName[];

export function isPackage(name: string): name is PackageName {
  return Object.hasOwn(PACKAGES, name);
}

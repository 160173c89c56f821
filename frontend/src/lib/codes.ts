// The codes of the second step: six digits of an app that change, or a recovery code that works once. Pure.

export type CodeKind = "app" | "recovery";

/** What was typed or pasted, as the server takes it: "123 456" and full-width digits are six digits. */
export function plainCode(text: string, kind: CodeKind): string {
  const plain = text.normalize("NFKC").replace(/\s/g, "");
  return kind === "app" ? plain.replace(/[-.]/g, "") : plain;
}

/** What to mend before the server is asked; undefined when nothing is. */
export function codeFault(text: string, kind: CodeKind): string | undefined {
  const code = plainCode(text, kind);
  if (kind === "recovery") return code === "" ? "Write one of your recovery codes" : undefined;
  if (code === "") return "Write the six digits that your app shows";
  return /^\d{6}$/.test(code) ? undefined : "A code has six digits";
}

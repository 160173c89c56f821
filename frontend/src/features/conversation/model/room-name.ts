// The first name of a conversation, from what was asked. Pure.

export function roomName(prompt: string): string {
  const line = prompt.trim().split("\n", 1)[0]?.trim() ?? "";
  const short = line.length <= 60 ? line : `${line.slice(0, 59).replace(/\s+\S*$/, "")}…`;
  return short.charAt(0).toUpperCase() + short.slice(1) || "Conversation";
}

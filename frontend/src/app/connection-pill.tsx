// Whether the live connection stands, in one word. Says nothing to a screen reader while all is well.
import { useConnection } from "@/lib/socket";

const words = {
  off: "",
  connecting: "Connecting",
  connected: "Connected",
  reconnecting: "Reconnecting, nothing is lost",
  offline: "Offline, nothing is lost",
} as const;

export function ConnectionPill() {
  const state = useConnection((connection) => connection.state);
  if (state === "off") return null;
  const look = state === "connected" ? "connected" : state === "offline" ? "offline" : "waiting";
  return (
    <span
      className={`conn ${state === "connected" || state === "connecting" ? "hide-phone" : ""}`}
      data-state={look}
      role="status"
    >
      {words[state]}
    </span>
  );
}

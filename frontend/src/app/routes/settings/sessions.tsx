// Settings: where somebody is signed in.
import { SessionList } from "@/features/settings/components/session-list";

export function Component() {
  return <SessionList />;
}

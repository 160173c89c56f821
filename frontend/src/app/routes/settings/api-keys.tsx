// Settings: keys for programs.
import { KeysPanel, NewKeyPanel } from "@/features/settings/components/api-key-panels";

export function Component() {
  return (
    <>
      <KeysPanel />
      <NewKeyPanel />
    </>
  );
}

// Settings: how somebody signs in.
import { LinkedPanel } from "@/features/settings/components/linked-panel";
import { PasswordPanel } from "@/features/settings/components/password-panel";
import { SecondFactorPanel } from "@/features/settings/components/second-factor-panel";

export function Component() {
  return (
    <>
      <PasswordPanel />
      <SecondFactorPanel />
      <LinkedPanel />
    </>
  );
}

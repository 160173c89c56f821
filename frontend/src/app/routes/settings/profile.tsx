// Settings: who somebody is to others.
import { SendAgain } from "@/features/auth/components/send-again";
import { EmailPanel, NamePanel } from "@/features/settings/components/profile-panels";

export function Component() {
  return (
    <>
      <NamePanel />
      <EmailPanel sendAgain={<SendAgain />} />
    </>
  );
}

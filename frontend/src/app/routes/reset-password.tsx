// Screen: what the link of a reset mail opens.
import { ResetForm } from "@/features/auth/components/mail-forms";
import { SignLayout } from "@/features/auth/components/sign-layout";
import { useMailToken } from "@/features/auth/hooks/use-mail-token";

export function Component() {
  const token = useMailToken();
  return (
    <SignLayout title="New password" note={`for ${window.location.host}`}>
      <ResetForm token={token} key={token} />
    </SignLayout>
  );
}

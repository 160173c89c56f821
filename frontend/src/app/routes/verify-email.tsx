// Screen: what the link opens that confirms an address, for whoever is signed in and for whoever is not.
import { VerifyPanel } from "@/features/auth/components/mail-forms";
import { SignLayout } from "@/features/auth/components/sign-layout";
import { useMailToken } from "@/features/auth/hooks/use-mail-token";
import { useSession } from "@/lib/auth-session";

export function Component() {
  const token = useMailToken();
  const known = useSession((state) => state.status !== "unknown");
  return (
    <SignLayout title="Your e-mail address" note={`for ${window.location.host}`}>
      {known && <VerifyPanel token={token} key={token} />}
    </SignLayout>
  );
}

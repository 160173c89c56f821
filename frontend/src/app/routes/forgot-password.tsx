// Screen: have a link sent that sets a new password.
import { Link } from "react-router";
import { ForgottenForm } from "@/features/auth/components/mail-forms";
import { SignLayout } from "@/features/auth/components/sign-layout";

export function Component() {
  return (
    <SignLayout
      title="Forgotten password"
      note="A link to your e-mail address sets a new one."
      other={
        <Link className="link" to="/sign-in">
          Back to sign in
        </Link>
      }
    >
      <ForgottenForm />
    </SignLayout>
  );
}

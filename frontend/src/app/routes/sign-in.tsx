// Screen: sign in.
import { useEffect } from "react";
import { Link, useLocation } from "react-router";
import { SignInForm } from "@/features/auth/components/auth-forms";
import { SignLayout } from "@/features/auth/components/sign-layout";

export function Component() {
  const { search } = useLocation();
  useEffect(() => {
    document.title = "Sign in · AetherOS";
  }, []);
  return (
    <SignLayout
      title="Sign in"
      note={search.includes("next=") ? "to go on where you were" : `to ${window.location.host}`}
      // Where to go next is the guard's business, see app/signed-out.
      form={<SignInForm onDone={() => undefined} />}
      other={
        <>
          New here?{" "}
          <Link className="link" to={`/register${search}`}>
            Create an account
          </Link>
        </>
      }
    />
  );
}

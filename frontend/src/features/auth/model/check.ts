// What the forms of this feature look at before they call the server. Pure.
import { checker, emailField, nameField, newPasswordField, passwordField } from "@/lib/fields";

export const checkSignIn = checker({ email: emailField, password: passwordField });

export const checkRegister = checker({ name: nameField, email: emailField, password: newPasswordField });

export const checkForgotten = checker({ email: emailField });

export const checkReset = checker({ newPassword: newPasswordField });

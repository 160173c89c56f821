// What the forms of this feature look at before they call the server. Pure.
import { checker, emailField, nameField, newPasswordField, passwordField } from "@/lib/fields";

export const checkName = checker({ name: nameField });

export const checkEmail = checker({ email: emailField });

export const checkPasswords = checker({ currentPassword: passwordField, newPassword: newPasswordField });

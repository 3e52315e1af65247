// Every page asks by these documents: here they come with the shell, not after it.
import "./api/gql";
import "./app/styles.css";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import { askAccess } from "./api/access";
import { client } from "./api/client";
import { router } from "./app/router";
import { applyTheme } from "./lib/theme";

// Dialogs lock the page's scrolling with a style element; the policy of the page lets it in by this nonce.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
if (nonce) setNonce(nonce);

applyTheme();
void askAccess();

const page = document.getElementById("root");
if (page) {
  createRoot(page).render(
    <StrictMode>
      <Provider value={client}>
        <RouterProvider router={router} />
      </Provider>
    </StrictMode>,
  );
}

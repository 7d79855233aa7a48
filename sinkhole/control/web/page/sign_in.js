// Who is signed in; and the form for who is not, or for the first account of a new server.

import { byId, el } from "./dom.js";
import { change, read, Refused, Unknown } from "./server.js";
import { isolated } from "./text.js";

const HOME = ["localhost", "127.0.0.1", "[::1]"];
const NEW = "account_needed";
const UNREACHABLE = "the server can not be reached";

/** The door of the page: `enter` tells whether one is in, and shows the form where not. */
export class Door {
  #onIn;
  isOpen = false;

  /** `onIn` is called each time that somebody has signed in. */
  constructor(onIn) {
    this.#onIn = onIn;
    byId("sign-out").addEventListener("click", () => this.#leave());
  }

  /** Ask the server who we are. */
  async enter() {
    try {
      this.#welcome(await read("api/v1/me"));
      return true;
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      this.#ask(error.code === NEW);
      return false;
    }
  }

  #welcome({ name, kind }) {
    this.#show(false);
    byId("who").hidden = kind !== "session";
    byId("who-name").replaceChildren(isolated(name));
  }

  #show(isOpen) {
    this.isOpen = isOpen;
    byId("door").hidden = !isOpen;
    byId("main").hidden = isOpen;
    byId("reach").hidden = isOpen;
    document.querySelector(".skip").setAttribute("href", isOpen ? "#door" : "#main");
    if (isOpen) byId("who").hidden = true;
  }

  #ask(isNew) {
    if (this.isOpen) return;
    document.title = "Sign in · sinkhole";
    const form = isNew ? firstForm() : signInForm();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(form, isNew ? "api/v1/first-account" : "api/v1/sign-in");
    });
    byId("door").replaceChildren(form);
    this.#show(true);
    form.querySelector("input").focus();
  }

  async #send(form, path) {
    const button = form.querySelector("button");
    const told = form.querySelector("[role=alert]");
    const given = {};
    for (const input of form.querySelectorAll("label:not([hidden]) input")) {
      given[input.name] = input.value;
    }
    button.disabled = true;
    told.textContent = "";
    try {
      this.#welcome(await change(path, given));
      this.#onIn();
    } catch (error) {
      if (error instanceof Refused) refused(form, error);
      told.textContent = sentence(error instanceof Refused ? error.message : UNREACHABLE);
    } finally {
      button.disabled = false;
    }
  }

  async #leave() {
    try {
      await change("api/v1/sign-out");
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;  // it had ended already
    }
    await this.enter();
  }
}

/** Ask for the second factor where the account has one, and let what was wrong be typed anew. */
function refused(form, { code }) {
  const second = form.querySelector("[data-second]");
  if (second && ["second_factor_needed", "wrong_second_factor"].includes(code)) {
    second.hidden = false;
    const input = second.querySelector("input");
    input.value = "";
    input.focus();
  } else {
    form.querySelector("input[type=password]").select();
  }
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

function signInForm() {
  const second = field("second", "Code of your app, or for recovery", "one-time-code");
  second.hidden = true;
  second.dataset.second = "";
  return form("Sign in", [
    field("name", "Name", "username"),
    field("password", "Password", "current-password", "password"),
    second,
  ]);
}

function firstForm() {
  return form("Make the first account", [
    el("p", {}, "This server has no account yet. Its log and its terminal show a code, made for ",
      "this start; or type on the server: ", el("code", {}, "sudo sinkhole account add NAME")),
    field("code", "Code", "off"),
    field("name", "Name", "username"),
    field("password", "Password", "new-password", "password"),
  ]);
}

function form(title, parts) {
  const isPlain = location.protocol === "http:" && !HOME.includes(location.hostname);
  return el("form", { class: "card sign-in", "aria-labelledby": "door-title" },
    el("h1", { id: "door-title" }, title),
    ...parts,
    el("p", { class: "error", role: "alert" }),
    el("button", { type: "submit", class: "main" }, title),
    isPlain ? el("p", { class: "quiet" }, "This page comes without encryption: who is on the same ",
      "network could read the password. See web.certificate in the settings.") : null);
}

function field(name, label, autocomplete, type = "text") {
  return el("label", {}, el("span", {}, label),
    el("input", { name, type, autocomplete, required: name !== "second", maxlength: 1024,
      autocapitalize: "off", spellcheck: "false" }));
}

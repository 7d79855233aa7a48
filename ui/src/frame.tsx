// What is around every page: where one may go, whether the server is there, and who one is.

import { useEffect } from "preact/hooks";
import { addressOf, place } from "./address";
import { Door } from "./door";
import icon from "./icon.svg";
import { Foreign } from "./parts/foreign";
import { OnDemand } from "./parts/on_demand";
import { Paused } from "./paused";
import { Problems } from "./problems";
import { here, SECTIONS, type Section } from "./sections";
import { api, told, Unknown } from "./server/api";
import { useNodes } from "./server/nodes";
import { door, enter, may, me, trouble } from "./server/reach";
import { LANGUAGES, language, speak, t } from "./words/words";

export function Frame() {
  const isIn = door.value === "open";
  return (
    <>
      <a class="skip" href={isIn ? "#main" : "#door"} onClick={skip}>
        {t("frame.skip")}
      </a>
      <header class="top">
        <img src={icon} alt="" width="28" height="28" />
        <span class="wordmark">sinkhole</span>
        {isIn && <Navigation />}
        {isIn && place.value.page !== "" && <Paused />}
        {isIn && <Reach />}
        <Languages />
        {isIn && me.value?.kind === "session" && <Who name={me.value.name} />}
      </header>
      {door.value === "sign-in" && <Door isNew={false} />}
      {door.value === "first-account" && <Door isNew />}
      {isIn && <Main />}
      {door.value === "unknown" && trouble.value && (
        <main id="main">
          <p class="notice">{trouble.value}</p>
        </main>
      )}
    </>
  );
}

function Main() {
  const { section, entry } = here.value;
  const page = entry ? place.value.item || t(entry.name) : "";
  const title = entry?.load ? t("title.page", { page }) : "";
  useEffect(() => {
    if (title) document.title = title; // the overview has its figure there
  }, [title]);
  const at = `at-${place.value.page || "overview"} ${section?.name.replace("nav.", "in-")}`;
  return (
    <main id="main" class={at} tabIndex={-1}>
      {section && <Within section={section} />}
      {entry?.show && <entry.show />}
      {entry?.load && <OnDemand key={entry.page} load={entry.load} />}
      {!entry && <p class="card">{t("frame.no_page")}</p>}
    </main>
  );
}

function Navigation() {
  const isElsewhere = place.value.page !== ""; // the overview tells them all
  return (
    <nav class="pages" aria-label={t("frame.pages")}>
      {SECTIONS.map(({ name, pages }) => (
        <a
          key={name}
          href={addressOf(pages[0].page)}
          aria-current={here.value.section?.name === name ? "page" : undefined}
        >
          {t(name)}
          {name === "nav.overview" && isElsewhere && may("status:read") && <Problems />}
        </a>
      ))}
    </nav>
  );
}

/** Where one may go in a section that has several pages. */
function Within({ section }: { section: Section }) {
  if (section.pages.some(({ isOfNodes }) => isOfNodes)) return <WithNodes section={section} />;
  return <Links section={section} />;
}

/** The same where it has to be known first whether there are others. */
function WithNodes({ section }: { section: Section }) {
  return <Links section={section} isShared={useNodes(null).last.value?.shared ?? false} />;
}

interface LinksGiven {
  readonly section: Section;
  readonly isShared?: boolean;
}

function Links({ section: { name, pages }, isShared = false }: LinksGiven) {
  const listed = pages.filter(({ isOneOf, isOfNodes }) => !isOneOf && (!isOfNodes || isShared));
  if (listed.length < 2) return null;
  return (
    <nav class="within" aria-label={t(name)}>
      {listed.map((each) => (
        <a
          key={each.page}
          href={addressOf(each.page)}
          aria-current={here.value.entry === each ? "page" : undefined}
        >
          {t(each.name)}
        </a>
      ))}
    </nav>
  );
}

function Reach() {
  return (
    <p id="reach" class="reach" role="status" data-state={trouble.value ? "trouble" : "fine"}>
      {trouble.value ?? t("reach.live")}
    </p>
  );
}

function Languages() {
  return (
    <select
      class="language"
      aria-label={t("frame.language")}
      value={language.value}
      onChange={(event) => speak(event.currentTarget.value)}
    >
      {LANGUAGES.map((code) => (
        <option key={code} value={code}>
          {new Intl.DisplayNames(code, { type: "language" }).of(code)}
        </option>
      ))}
    </select>
  );
}

function Who({ name }: { name: string }) {
  async function leave(): Promise<void> {
    try {
      await told(api.POST("/sign-out", { body: {} }));
    } catch (error) {
      if (!(error instanceof Unknown)) throw error; // it had ended already
    }
    await enter();
  }
  return (
    <p id="who" class="who">
      <span id="who-name">
        <Foreign text={name} />
      </span>
      <button id="sign-out" type="button" onClick={leave}>
        {t("frame.sign_out")}
      </button>
    </p>
  );
}

/** Go to the content without another address, which says the page. */
function skip(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("main")?.focus();
}

// One setting: its field, what it means, its default, and who said what it is now.

import { addressOf } from "../../address";
import { amountWords } from "../../parts/amount";
import { Control } from "../../parts/control";
import { Foreign } from "../../parts/foreign";
import { type Accepts, kindOf } from "../../parts/kind";
import type { Schemas } from "../../server/api";
import { may } from "../../server/reach";
import { t, translated } from "../../words/words";
import { choiceWord, takenBy } from "./meanings";
import type { Setting } from "./sections";

type Change = Schemas["SettingChange"];

interface Given {
  readonly setting: Setting;
  /** What it is to be, where somebody has typed something. */
  readonly change: Change | null;
  readonly onChange: (change: Change | null) => void;
}

/** Pages that are for a setting alone. */
const PAGES: Readonly<Record<string, string>> = {
  "filtering.lists": "lists",
  "filtering.services": "lists",
  "filtering.rules": "rules",
  clients: "devices",
  groups: "groups",
  schedules: "schedules",
  "upstream.servers": "upstreams",
  "upstream.fallback": "upstreams",
  "upstream.sets": "upstreams",
  "upstream.routes": "upstreams",
  "local.records": "names",
  "dns.listen": "listeners",
  "dns.tls": "listeners",
  "dns.https": "listeners",
  "dns.quic": "listeners",
};

export function Field({ setting, change, onChange }: Given) {
  const { key, title, help, origin, locked, at_once } = setting;
  const taken = takenBy(setting);
  const isStored = origin === "stored" && !locked;
  const page = PAGES[key];
  return (
    <div class={`setting ${change ? "changed" : ""}`}>
      <div>
        <label htmlFor={key}>
          <strong>{title}</strong> <code class="quiet">{key}</code>
        </label>
        <p class="quiet help">
          {help} {taken && t("settings.takes", { what: taken })}
        </p>
        <p class="quiet small">
          {t("settings.default")} <Foreign text={shown(setting.default)} />
          {locked ? (
            <> · {t("held_by", { where: translated(locked) })}</>
          ) : (
            origin === "stored" && <> · {t("settings.set_here")}</>
          )}
          {!at_once && <> · {t("settings.at_restart")}</>}
        </p>
      </div>
      <div class="value">
        <Input setting={setting} change={change} onChange={onChange} />
        {page && <a href={addressOf(page)}>{t("settings.has_page")}</a>}
        {isStored && !change && may("settings:write") && (
          <button
            type="button"
            onClick={() => onChange({ key, item: "", action: "reset", value: null })}
          >
            {t("settings.reset")}
          </button>
        )}
        {change && (
          <button type="button" onClick={() => onChange(null)}>
            {t("settings.as_it_was")}
          </button>
        )}
      </div>
    </div>
  );
}

function Input({ setting, change, onChange }: Given) {
  const { key, value, locked, secret, items } = setting;
  const accepts = setting.accepts as Accepts;
  if (items || kindOf(accepts) === "elsewhere") {
    return <Foreign text={items ? namesOf(setting) : JSON.stringify(value)} look="rule" />;
  }
  return (
    <>
      <Control
        id={key}
        label={setting.title}
        accepts={accepts}
        placeholder={typeof setting.default === "string" ? setting.default : undefined}
        wordOf={choiceWord}
        value={change?.action === "set" ? change.value : change ? setting.default : value}
        disabled={locked !== "" || !may("settings:write")}
        onChange={(wanted) => {
          const isSame = JSON.stringify(wanted) === JSON.stringify(value);
          onChange(isSame ? null : changeTo(setting, wanted));
        }}
      />
      {secret && <p class="quiet small">{t("settings.secret")}</p>}
    </>
  );
}

/** Nothing is a value of few settings: of all others it means the default. */
const changeTo = ({ key }: Setting, wanted: unknown): Change =>
  wanted === null
    ? { key, item: "", action: "reset", value: null }
    : { key, item: "", action: "set", value: wanted };

/** A default as people read it. */
function shown(value: unknown): string {
  if (value === true || value === false) return t(value ? "settings.on" : "settings.off");
  if (Array.isArray(value) && value.every((each) => typeof each === "string"))
    return value.join(", ") || t("settings.nothing");
  if (value == null || value === "" || JSON.stringify(value) === "{}") return t("settings.nothing");
  if (typeof value === "string") return amountWords(choiceWord(value));
  return JSON.stringify(value);
}

const namesOf = ({ items }: Setting): string =>
  (items ?? []).map(({ name }) => name).join(", ") || t("settings.nothing");

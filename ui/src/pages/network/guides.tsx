// The steps for each kind of device, with what is to be entered there.

import type { ComponentChildren } from "preact";
import { Copied } from "../../parts/copied";
import { Qr } from "../../parts/qr";
import type { Schemas } from "../../server/api";
import { type Key, t } from "../../words/words";
import { isReachable, profileLink } from "./profile_link";

type Setup = Schemas["SetupShown"];

const STEPS = {
  android: ["network.guide.android.1", "network.guide.android.2", "network.guide.android.3"],
  apple: ["network.guide.apple.1", "network.guide.apple.2", "network.guide.apple.3"],
  windows: [
    "network.guide.windows.1",
    "network.guide.windows.2",
    "network.guide.windows.3",
    "network.guide.windows.4",
  ],
  browsers: ["network.guide.browsers.1", "network.guide.browsers.2", "network.guide.browsers.3"],
} as const satisfies Record<string, readonly Key[]>;

export function Guides({ setup }: { setup: Setup }) {
  return (
    <div class="guides">
      <Guide kind="android" text={setup.android}>
        {setup.android && (
          <>
            <Copied text={setup.android} label={t("network.guide.android")} />
            <Qr text={setup.android} label={t("network.qr_of", { what: setup.android })} />
          </>
        )}
      </Guide>
      <Apple setup={setup} />
      <Guide kind="windows" text={setup.https}>
        {setup.https && <Copied text={setup.https} label={t("network.guide.windows")} />}
      </Guide>
      <Guide kind="browsers" text={setup.https}>
        {setup.https && (
          <>
            <Copied text={setup.https} label={t("network.guide.browsers")} />
            <Qr text={setup.https} label={t("network.qr_of", { what: setup.https })} />
          </>
        )}
      </Guide>
      <Stamps stamps={setup.stamps} />
    </div>
  );
}

interface GuideGiven {
  readonly kind: keyof typeof STEPS;
  /** What is to be entered; "" where this server can't be asked so. */
  readonly text: string;
  readonly children: ComponentChildren;
}

function Guide({ kind, text, children }: GuideGiven) {
  const key = `network.guide.${kind}` as const;
  return (
    <section class="card guide-card" aria-labelledby={`guide-${kind}`}>
      <h2 id={`guide-${kind}`}>{t(key)}</h2>
      {text ? (
        <>
          {children}
          <ol class="steps">
            {STEPS[kind].map((step) => (
              <li key={step}>{t(step)}</li>
            ))}
          </ol>
        </>
      ) : (
        <p class="quiet">{t(`${key}.not`)}</p>
      )}
    </section>
  );
}

function Apple({ setup }: { setup: Setup }) {
  const protocol = setup.profiles[0];
  if (!protocol) {
    return (
      <Guide kind="apple" text="">
        {null}
      </Guide>
    );
  }
  const link = profileLink(document.baseURI, setup, protocol);
  return (
    <Guide kind="apple" text={link}>
      <p class="choices">
        {setup.profiles.map((each) => (
          <a key={each} class="button" href={profileLink(document.baseURI, setup, each)} download>
            {t(`network.profile.${each}`)}
          </a>
        ))}
      </p>
      {isReachable(link) ? (
        <Qr text={link} label={t("network.qr_of", { what: t("network.profile") })} />
      ) : (
        <p class="quiet small">{t("network.profile.not_from_here")}</p>
      )}
      {setup.authority && <p class="quiet small">{t("network.profile.authority")}</p>}
    </Guide>
  );
}

function Stamps({ stamps }: { stamps: Setup["stamps"] }) {
  const found = Object.entries(stamps);
  if (found.length === 0) return null;
  return (
    <section class="card guide-card" aria-labelledby="guide-stamps">
      <h2 id="guide-stamps">{t("network.stamps")}</h2>
      <p class="quiet help">{t("network.stamps.help")}</p>
      {found.map(([kind, stamp]) => (
        <div key={kind}>
          <p class="small">{t(`network.way.${kind}` as Key)}</p>
          <Copied
            text={stamp}
            label={t("network.stamp_of", { way: t(`network.way.${kind}` as Key) })}
          />
        </div>
      ))}
    </section>
  );
}

// The nodes as a table; on a small screen each is a card.

import { addressOf } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign, Translated } from "../../parts/foreign";
import { Sure } from "../../parts/sure";
import { api, type Schemas, told } from "../../server/api";
import type { Node } from "../../server/nodes";
import { may } from "../../server/reach";
import { count, duration, percent, span } from "../../words/format";
import { t } from "../../words/words";
import { pageOf, shareOf, stateOf, toneOf, usualVersion, wishOf } from "./state";

const COLUMNS = ["name", "state", "queries", "share", "median", "waiting", "heard"] as const;
const NUMBERS: readonly string[] = ["queries", "share", "median", "waiting"];

interface Given {
  readonly nodes: readonly Node[];
  readonly onChanged: () => void;
  readonly onTold: (nodes: Schemas["NodesShown"]) => void;
}

export function Table({ nodes, onChanged, onTold }: Given) {
  const usual = usualVersion(nodes);
  const mayChange = may("settings:write");
  return (
    <table id="nodes" class="roster">
      <thead>
        <tr>
          {COLUMNS.map((each) => (
            <th key={each} scope="col" class={NUMBERS.includes(each) ? "number" : undefined}>
              {t(`nodes.column.${each}`)}
            </th>
          ))}
          {mayChange && (
            <td>
              <span class="unseen">{t("nodes.do")}</span>
            </td>
          )}
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => (
          <tr key={`${node.name} ${node.started}`} class={toneOf(node)}>
            <td>
              <About node={node} isUsual={node.version === usual} />
            </td>
            <td>
              <State node={node} />
            </td>
            <Numbers node={node} />
            <td class="heard">
              <span class="worded">{t("nodes.column.heard")} </span>
              {node.own ? t("nodes.now") : t("nodes.ago", { time: span(node.silent_s) })}
            </td>
            {mayChange && (
              <td class="doing">
                <Doing node={node} onChanged={onChanged} onTold={onTold} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What it is called, where its page is, and what runs there. */
function About({ node, isUsual }: { node: Node; isUsual: boolean }) {
  const page = pageOf(node, location.hostname);
  return (
    <div class="about">
      <p>
        {page ? (
          <a href={page} class="link" rel="noreferrer">
            <Foreign text={node.name} look="isolated strong" />
          </a>
        ) : (
          <Foreign text={node.name} look="isolated strong" />
        )}
        {node.own && <span class="quiet"> {t("nodes.this_one")}</span>}
      </p>
      <p class={isUsual ? "quiet" : "error"}>
        {t(isUsual ? "nodes.version" : "nodes.other_version", { version: node.version })}
        {node.workers > 1 && ` · ${t("nodes.workers", { count: node.workers })}`}
      </p>
      {node.same_name && <p class="error">{t("nodes.same_name")}</p>}
    </div>
  );
}

function State({ node }: { node: Node }) {
  const wish = wishOf(node);
  return (
    <div class="state">
      <p>
        <span class="mark" aria-hidden="true" />
        <span>{stateOf(node)}</span>
      </p>
      {wish && <p class="quiet">{wish}</p>}
      {node.problems.length > 0 && (
        <details>
          <summary class="quiet">{t("frame.problems", { count: node.problems.length })}</summary>
          <ul>
            {node.problems.map((each) => (
              <li key={each}>
                <Translated text={each} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function Numbers({ node }: { node: Node }) {
  const share = shareOf(node);
  return (
    <>
      <td class="number">
        <a href={addressOf("queries", { node: node.name })}>{count(node.queries)}</a>
        <span class="worded"> {t("amount.queries", { count: node.queries })}</span>
        <p class="quiet">{t("nodes.rate", { rate: count(node.rate) })}</p>
      </td>
      <td class="number">
        {share < 0 ? "–" : percent(share)}
        <span class="worded"> {t("nodes.worded.share")}</span>
      </td>
      <td class="number">
        {duration(node.median_ms)}
        <span class="worded"> {t("nodes.worded.median")}</span>
      </td>
      <td class="number">
        {count(node.waiting)}
        <span class="worded"> {t("nodes.worded.waiting")}</span>
      </td>
    </>
  );
}

interface DoingGiven {
  readonly node: Node;
  readonly onChanged: () => void;
  readonly onTold: (nodes: Schemas["NodesShown"]) => void;
}

function Doing({ node, onChanged, onTold }: DoingGiven) {
  const deed = useDeed();
  const params = { path: { name: node.name } };
  const wanted = !(node.wants_drain ?? node.drained);
  const drain = () =>
    deed.run(async () =>
      onTold(await told(api.POST("/nodes/{name}/drain", { params, body: { drained: wanted } }))),
    );
  const forget = () =>
    deed.run(async () => {
      await told(api.DELETE("/nodes/{name}", { params }));
      onChanged();
    });
  return (
    <>
      {node.state === "up" && (
        <Sure
          label={t(wanted ? "nodes.drain" : "nodes.undrain")}
          name={t(wanted ? "nodes.drain_of" : "nodes.undrain_of", { name: node.name })}
          ask={t(wanted ? "nodes.drain_ask" : "nodes.undrain_ask")}
          disabled={deed.isBusy.value}
          onSure={drain}
        />
      )}
      {node.state === "away" && (
        <Sure
          label={t("nodes.forget")}
          name={t("nodes.forget_of", { name: node.name })}
          ask={t("nodes.forget_ask")}
          disabled={deed.isBusy.value}
          onSure={forget}
        />
      )}
      <Trouble deed={deed} />
    </>
  );
}

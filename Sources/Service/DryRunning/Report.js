"use strict";
// The page of a dry-run: everything that it shows is in the JSON beside it.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const report = data.report;
  const pair = report.a !== undefined;
  const a = pair ? report.a : report;
  const b = pair ? report.b : null;
  const $ = (id) => document.getElementById(id);
  const pageSize = 50;

  const number = (value, digits) => {
    if (value === null || value === undefined || !isFinite(value)) return "–";
    const places = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return value.toLocaleString("en", places).replace("-", "−");
  };
  const seconds = (value) => number(value, 1) + " s";
  const share = (value) => number(100 * value, 1) + " %";
  const count = (value) => number(value, 0);
  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  // Seconds after the beginning of the recording, as a time of day in the recording's clock.
  const epoch = Date.parse(data.epoch);
  const pad = (value) => String(value).padStart(2, "0");
  const clock = (at) => {
    const time = new Date(epoch + 1000 * at);
    return pad(time.getUTCHours()) + ":" + pad(time.getUTCMinutes());
  };
  const day = (at) => new Date(epoch + 1000 * at).toISOString().slice(0, 10);
  const spansDays = data.course.a
    && data.course.width * data.course.a.length > 86400;
  const moment = (at) => {
    const time = new Date(epoch + 1000 * at);
    return (spansDays ? day(at) + " " : "") + clock(at) + ":" + pad(time.getUTCSeconds());
  };

  const figures = [
    ["answered", "Calls answered", count, 1],
    ["abandoned", "Callers who gave up", count, -1],
    ["rejected", "Turned away", count, -1],
    ["defaulted", "Took the default route", count, 0],
    ["unanswerable", "Unanswerable", count, 0],
    ["service_level_share", "Answered within " + count(a.service_level.threshold) + " s", share, 1],
    ["wait_mean", "Mean wait until an answer", seconds, -1],
    ["wait_p90", "90 % were answered within", seconds, -1],
    ["wait_max", "Longest wait", seconds, -1],
    ["waited_share", "Did not find a free agent at once", share, -1],
    ["occupancy", "Agents busy", share, 0],
    ["queue_length_mean", "Callers waiting, on average", (value) => number(value, 2), -1],
  ];
  const simple = {
    answered: a.answered, abandoned: a.abandoned, rejected: a.rejected, defaulted: a.defaulted,
    unanswerable: a.unanswerable,
  };
  const valueOf = (side, name) => {
    const interval = side.intervals[name];
    if (interval) return interval.estimate;
    const plain = {
      service_level_share: side.service_level.share, wait_mean: side.wait.mean,
      wait_p90: side.wait.p90, wait_max: side.wait.max,
    };
    return name in plain ? plain[name] : side[name];
  };
  const half = (interval) => (interval ? (interval["95"][1] - interval["95"][0]) / 2 : null);

  const heading = () => {
    const title = data.title ? " of " + data.title : "";
    $("title").textContent = pair ? "Dry-run" + title + ": A against B" : "Dry-run" + title;
    document.title = $("title").textContent;
    $("subtitle").textContent = count(data.recorded_calls) + " recorded calls, "
      + day(data.course.begin) + (spansDays ? " and later" : "");
  };

  const span = (text, className) => element("span", text, className);

  // What a newcomer should take along, in one or two sentences.
  const sentence = () => {
    const place = $("sentence");
    const within = "within " + count(a.service_level.threshold) + " s";
    const levelA = valueOf(a, "service_level_share");
    place.append(span(pair ? "A (" + data.names[0] + ")" : data.names[0], "a"));
    if (!pair) {
      place.append(" would have answered " + share(levelA) + " " + within + "; "
        + count(valueOf(a, "abandoned")) + " callers would have given up.");
      return;
    }
    const difference = report.difference.service_level_share;
    const value = typeof difference === "object" ? difference.estimate : difference;
    const error = typeof difference === "object" ? half(difference) : null;
    const points = number(Math.abs(100 * value), 1) + " points";
    const isSure = error !== null && Math.abs(value) > error;
    const isSame = Math.abs(value) < 0.0005;
    place.append(" answers " + share(levelA) + " " + within + ", ");
    place.append(span("B (" + data.names[1] + ")", "b"));
    place.append(" " + share(valueOf(b, "service_level_share")) + ": ");
    if (isSame) {
      place.append("no difference");
    } else {
      place.append(points + (value > 0 ? " more" : " less") + " with A");
      if (error > 0) place.append(" (± " + number(100 * error, 1) + " at 95 %)");
    }
    const ways = [["abandoned", " callers give up"], ["rejected", " are turned away"]];
    ways.forEach(([name, text]) => {
      const value = valueOf(a, name) - valueOf(b, name);
      if (Math.abs(value) < 0.5) return;
      place.append("; " + count(Math.abs(value)) + (value > 0 ? " more" : " fewer") + text);
    });
    place.append(".");
    if (!isSame && error !== null && !isSure) {
      place.append(" The recording is too small to be sure of the difference.");
    }
    const ends = report.changed_by.end;
    place.append(ends === 0 ? " Every call ends as it does with B."
      : " " + count(ends) + (ends === 1 ? " call ends" : " calls end") + " in another way.");
  };

  const figuresTable = () => {
    const table = $("figures");
    const head = element("thead");
    const row = element("tr");
    const titles = pair ? ["", "A", "B", "A − B", "± (95 %)"] : ["", "Estimate", "± (95 %)"];
    titles.forEach((title) => row.append(element("th", title)));
    head.append(row);
    const body = element("tbody");
    figures.forEach(([name, label, text]) => {
      if (name in simple && !valueOf(a, name) && !(b && valueOf(b, name))) return;
      const line = element("tr");
      line.append(element("td", label), element("td", text(valueOf(a, name)), "a"));
      if (pair) {
        const difference = report.difference[name];
        const isInterval = typeof difference === "object" && difference !== null;
        const value = isInterval ? difference.estimate : difference;
        const error = isInterval ? half(difference) : null;
        const isSure = error !== null && Math.abs(value) > error;
        line.append(element("td", text(valueOf(b, name)), "b"));
        line.append(element("td", (value > 0 ? "+" : "") + text(value), isSure ? "sure" : ""));
        line.append(element("td", error === null ? "–" : text(error)));
      } else {
        const error = half(a.intervals[name]);
        line.append(element("td", error === null ? "–" : text(error)));
      }
      body.append(line);
    });
    table.append(head, body);
    const told = [a, b].filter((side) => side).map((side, index) => {
      const who = pair ? "AB"[index] + ": " : "";
      const from = side.from_recorded;
      const as = count(from.compared - from.changed) + " of " + count(from.compared)
        + " calls fare as recorded. ";
      if (side.exact) return who + as + "Nothing had to be drawn.";
      return who + as + side.intervals.samples + " runs; drawn: the patience of "
        + count(side.drawn.patience) + " callers, " + count(side.drawn.talk) + " talk times.";
    });
    if (pair) told.push("Bold differences are larger than their uncertainty.");
    told.forEach((text) => $("sureness").append(text, element("br")));
  };

  const style = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const plots = [];

  const plot = (id, pick, factor) => {
    const labels = data.course.a.map((_, index) => {
      const at = data.course.begin + index * data.course.width;
      return spansDays ? day(at).slice(5) + " " + clock(at) : clock(at);
    });
    const sides = [["A", data.course.a, "--a", []], ["B", data.course.b, "--b-plot", [6, 4]]];
    const datasets = sides.filter((side) => side[1]).map(([label, values, color, dash]) => ({
      label: pair ? label : data.names[0],
      data: values.map((value) => (value[pick] === null ? null : value[pick] * factor)),
      borderDash: dash, borderWidth: 2, pointRadius: values.length > 40 ? 0 : 2, tension: 0,
      pointStyle: label === "A" ? "circle" : "triangle", spanGaps: false, color: color,
      // B lies on top: through its dashes A can be seen.
      order: label === "A" ? 2 : 1,
    }));
    const chart = new Chart($(id), {
      type: "line",
      data: { labels: labels, datasets: datasets },
      options: {
        animation: false, responsive: true, maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        plugins: { legend: { display: false } },
        scales: {
          x: {
            ticks: {
              maxTicksLimit: spansDays ? 6 : 8, maxRotation: 0, autoSkipPadding: 10,
              // Over several days there is room for the dates; the moment is in the tooltip.
              callback: (index) => (spansDays ? labels[index].split(" ")[0] : labels[index]),
            },
          },
          y: { beginAtZero: true, ticks: { maxTicksLimit: 6 } },
        },
      },
    });
    plots.push(chart);
  };

  const paint = () => {
    plots.forEach((chart) => {
      chart.data.datasets.forEach((set) => {
        set.borderColor = style(set.color);
        set.backgroundColor = style(set.color);
      });
      Object.values(chart.options.scales).forEach((scale) => {
        scale.ticks.color = style("--soft");
        scale.grid = { color: style("--line") };
      });
      chart.update("none");
    });
  };

  const drawPlots = () => {
    if (spansDays) $("day-heading").textContent = "Over the days";
    const legend = $("legend");
    data.names.forEach((name, index) => {
      const item = element("span");
      item.append(element("i", "", index ? "dashed" : ""));
      item.append(pair ? "AB"[index] + ": " + name : name);
      legend.append(item);
    });
    if (!data.course.a) return;
    [["calls", 1], ["wait", 1], ["level", 100], ["abandoned", 1], ["occupancy", 100],
      ["waiting", 1]].forEach(([pick, factor]) => plot("plot-" + pick, pick, factor));
    paint();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
    matchMedia("print").addEventListener("change", paint);
    addEventListener("beforeprint", () => plots.forEach((chart) => chart.resize()));
  };

  const who = (target) => target.replace("agent:", "agent ").replace("dn:", "extension ");
  const told = (side) => {
    const wait = seconds(side.wait);
    const drawn = side.drawn ? " (drawn)" : "";
    if (side.end === "answered") return who(side.target) + " after " + wait + drawn;
    if (side.end === "abandoned") return "gave up after " + wait + drawn;
    if (side.end === "rejected") return "turned away after " + wait;
    if (side.end === "gone") return (side.target ? "sent to " + who(side.target) : "gone")
      + " after " + wait;
    return "unanswerable";
  };

  let shown = pageSize;
  const searchable = pair ? report.changes.map((change) => [
    change.call, change.group, told(change.a), told(change.b), moment(change.at),
    ...change.a.why, ...change.b.why,
  ].join("\n").toLowerCase()) : [];

  const trace = (label, className, side) => {
    const column = element("div");
    column.append(element("h3", label + ": " + told(side), className));
    const text = side.why.length ? side.why.join("\n") : "no decision record: these are facts";
    column.append(element("pre", text));
    return column;
  };

  const row = (change) => {
    const details = element("details");
    details.dataset.call = change.call;
    const summary = element("summary");
    const call = element("span", moment(change.at), "call");
    call.append(element("small", change.call + " · " + change.group));
    summary.append(call, element("span", "A: " + told(change.a), "a"),
      element("span", "B: " + told(change.b), "b"));
    details.append(summary);
    details.addEventListener("toggle", () => {
      if (!details.open || details.querySelector(".traces")) return;
      const traces = element("div", undefined, "traces");
      traces.append(trace("A", "a", change.a), trace("B", "b", change.b));
      details.append(traces);
    });
    return details;
  };

  const list = () => {
    const text = $("search").value.trim().toLowerCase();
    const what = $("what").value;
    const group = $("group").value;
    let found = report.changes.map((change, index) => [change, index]).filter(
      ([change, index]) => (!what || change.what.includes(what))
        && (!group || change.group === group) && (!text || searchable[index].includes(text)));
    if ($("order").value === "at") found.sort((one, other) => one[0].at - other[0].at);
    $("changes").replaceChildren(...found.slice(0, shown).map(([change]) => row(change)));
    $("shown").textContent = found.length === 0 ? "No call matches."
      : count(Math.min(shown, found.length)) + " of " + count(found.length) + " shown";
    $("more").hidden = found.length <= shown;
  };

  const changes = () => {
    if (!pair || report.changed === 0) {
      $("changes-section").hidden = !pair;
      $("changes-count").textContent = "No call changed.";
      $("filter").hidden = true;
      $("more").hidden = true;
      return;
    }
    const by = report.changed_by;
    $("changes-count").textContent = count(report.changed) + " calls changed: " + count(by.end)
      + " ended otherwise, " + count(by.target) + " met somebody else, " + count(by.wait)
      + " waited longer or shorter."
      + (report.changes.length < report.changed
        ? " The " + count(report.changes.length) + " largest changes are listed." : "");
    const groups = [...new Set(report.changes.map((change) => change.group))].sort();
    groups.forEach((name) => {
      const option = element("option", name);
      option.value = name;
      $("group").append(option);
    });
    $("filter").addEventListener("submit", (event) => event.preventDefault());
    const again = () => {
      shown = pageSize;
      list();
    };
    $("search").addEventListener("input", again);
    ["what", "group", "order"].forEach((id) => $(id).addEventListener("change", again));
    $("more").addEventListener("click", () => {
      shown += pageSize;
      list();
    });
    list();
  };

  const questions = () => {
    const all = a.unanswerable_calls.concat(b ? b.unanswerable_calls : []);
    $("questions-section").hidden = all.length === 0;
    all.slice(0, 200).forEach((question) => {
      $("questions").append(element("li",
        moment(question.at) + " call " + question.call + ": " + question.reason));
    });
  };

  heading();
  sentence();
  figuresTable();
  drawPlots();
  changes();
  questions();
})();

// Charts for the operator, drawn by ECharts from the JSON in `data-chart`:
//   { kind: "line" | "bar" | "stack" | "area" | "bars" | "stackbars" (lying), x: [...], series: [{ name, data, colour?, line? }], unit?: "%" | "¥", y_max?: number }
// Colours and type come from the design tokens; every chart has its table beside it, and a description for screen readers.
"use strict";

const PALETTE = ["--principal", "--interest", "--premium", "--good", "--seal", "--edge"];

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function shown(value, unit) {
  if (value === null || value === undefined) return "–";
  const number = Number(value).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 });
  return unit === "%" ? `${number}%` : `${unit ?? ""}${number}`;
}

function series(chart, one, index) {
  const colour = token(one.colour ? `--${one.colour}` : PALETTE[index % PALETTE.length]);
  const bars = !one.line && !["line", "area"].includes(chart.kind);
  return {
    name: one.name,
    data: one.data,
    type: bars ? "bar" : "line",
    stack: !one.line && ["stack", "stackbars", "area"].includes(chart.kind) ? "all" : undefined,
    z: one.line ? 3 : 2,
    areaStyle: chart.kind === "area" ? { opacity: 0.25 } : undefined,
    barMaxWidth: 36,
    symbolSize: 5,
    connectNulls: false,
    lineStyle: { width: 2, type: ["solid", "dashed", "dotted"][index % 3] },
    itemStyle: { color: colour, borderRadius: chart.kind === "bar" ? [3, 3, 0, 0] : 0 },
  };
}

function option(chart) {
  const soft = token("--ink-soft");
  const text = { color: soft, fontFamily: token("--font"), fontSize: 12 };
  const one = chart.series.length === 1;
  const lying = chart.kind === "bars" || chart.kind === "stackbars";
  const names = { type: "category", data: chart.x, inverse: lying, axisLine: { lineStyle: { color: token("--line") } }, axisTick: { show: false }, axisLabel: lying ? { ...text, width: Math.min(220, innerWidth * 0.36), overflow: "truncate" } : text };
  const values = { type: "value", max: chart.y_max, splitLine: { lineStyle: { color: token("--line") } }, axisLabel: { ...text, formatter: (value) => shown(value, chart.unit) } };
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: text,
    aria: { enabled: true, decal: { show: chart.kind.startsWith("stack") } },
    grid: { left: 8, right: 12, top: one ? 12 : 36, bottom: 8, containLabel: true },
    legend: one ? undefined : { top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 12, textStyle: text },
    // richText draws the tooltip on the canvas: the HTML one needs inline styles, which the content security policy refuses.
    tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: token("--surface"), borderColor: token("--line"), textStyle: { ...text, color: token("--ink") }, valueFormatter: (value) => shown(value, chart.unit) },
    xAxis: lying ? values : names,
    yAxis: lying ? names : values,
    series: chart.series.map((given, index) => series(chart, given, index)),
  };
}

function draw(box) {
  const chart = JSON.parse(box.dataset.chart);
  const plot = echarts.getInstanceByDom(box) ?? echarts.init(box, null, { renderer: "canvas" });
  plot.setOption(option(chart), true);
}

function drawAll(root = document) {
  for (const box of root.querySelectorAll("[data-chart]")) draw(box);
}

drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());
document.addEventListener("htmx:afterSwap", (event) => drawAll(event.detail.target));
new ResizeObserver(() => {
  for (const box of document.querySelectorAll("[data-chart]")) echarts.getInstanceByDom(box)?.resize();
}).observe(document.body);

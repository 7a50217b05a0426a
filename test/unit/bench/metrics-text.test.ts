import { expect } from "chai";
import { parseMetrics, sumOf } from "../../../bench/metrics-text.js";

const TEXT = `# HELP rest_client_requests_total Requests
# TYPE rest_client_requests_total counter
rest_client_requests_total{code="200",method="GET"} 3
rest_client_requests_total{code="201",method="POST"} 4
rest_client_requests_total{code="20\\"1",method="PO}ST"} 1e3
up 1
`;

describe("The text of a scrape", () => {
  const samples = parseMetrics(TEXT);

  it("is read with labels, also odd ones, and without comments", () => {
    expect(samples).to.have.length(4);
    expect(samples[2]).to.deep.equal({
      name: "rest_client_requests_total",
      labels: { code: '20\\"1', method: "PO}ST" },
      value: 1000,
    });
    expect(samples[3]).to.deep.equal({ name: "up", labels: {}, value: 1 });
  });

  it("is added up over the series that are asked for", () => {
    expect(sumOf(samples, "rest_client_requests_total")).to.equal(1007);
    expect(sumOf(samples, "rest_client_requests_total", ({ method }) => method === "POST")).to.equal(4);
    expect(sumOf(samples, "nothing")).to.equal(0);
  });
});

/** Series that make an alert fire, for promtool, with one value per minute. */
export interface AlertCase {
  readonly alert: string;
  /** Series and their values. */
  readonly series: Readonly<Record<string, string>>;
  /** First minute at which the alert fires; it must not fire a minute earlier. */
  readonly from: number;
  /** A minute at which it has ended. */
  readonly until: number;
  /** Labels of the alert besides its severity. */
  readonly labels?: Readonly<Record<string, string>>;
}

const APP = { namespace: "team", name: "shop" };
const appInfo = (labels: string): string =>
  `overseer_app_info{namespace="team",name="shop",repository="team/repo",revision="main@sha1:0123456",${labels},suspended="false"}`;
const STATES = 'ready="False",reason="R",synced="True",health="Progressing",waiting=""';
const since = (what: string): string => `overseer_app_${what}_since_timestamp_seconds{namespace="team",name="shop"}`;
const gone = (minutes: number): string => `1x${minutes} stale`;
const requests = (code: string): string => `overseer_http_requests_total{route="/hooks",method="POST",code="${code}"}`;
const bucket = (le: string): string => `controller_reconcile_time_seconds_bucket{controller="overseerapp",le="${le}"}`;

/** One case for each alert. */
export const ALERT_CASES: readonly AlertCase[] = [
  { alert: "OverseerDown", series: { 'overseer_build_info{version="1"}': "_x7 1x20" }, from: 5, until: 10 },
  {
    alert: "OverseerNoLeader",
    series: { 'leader_election_master_status{name="overseer-gitops"}': "0x10 1x20" },
    ...{ from: 5, until: 12, labels: { name: "overseer-gitops" } },
  },
  {
    alert: "OverseerAppNotReady",
    series: { [appInfo(STATES)]: gone(20) },
    from: 15,
    until: 22,
    labels: { ...APP, repository: "team/repo" },
  },
  {
    alert: "OverseerAppDegraded",
    series: { [appInfo('ready="False",reason="Degraded",synced="True",health="Degraded",waiting=""')]: gone(10) },
    ...{ from: 5, until: 12, labels: APP },
  },
  {
    alert: "OverseerAppOutOfSync",
    series: { [appInfo('ready="False",reason="R",synced="False",health="Healthy",waiting=""')]: gone(20) },
    ...{ from: 15, until: 22, labels: { ...APP, repository: "team/repo" } },
  },
  {
    alert: "OverseerAppWaiting",
    series: {
      [appInfo('ready="True",reason="Synced",synced="False",health="Healthy",waiting="References"')]: gone(70),
    },
    ...{ from: 60, until: 72, labels: { ...APP, waiting: "References" } },
  },
  {
    alert: "OverseerApprovalWaiting",
    series: {
      [appInfo('ready="True",reason="Synced",synced="False",health="Healthy",waiting="Approvals"')]: gone(250),
      [since("waiting")]: "0x250 stale",
    },
    ...{ from: 241, until: 252, labels: APP },
  },
  {
    alert: "OverseerPruneBlocked",
    series: { [appInfo('ready="True",reason="Synced",synced="False",health="Healthy",waiting="Deletions"')]: gone(70) },
    ...{ from: 60, until: 72, labels: APP },
  },
  {
    alert: "OverseerSyncFailing",
    series: { 'overseer_changes_total{namespace="team",name="shop",result="Failed"}': "0x5 1x40" },
    ...{ from: 6, until: 22, labels: APP },
  },
  {
    alert: "OverseerNoSuccess",
    series: {
      [appInfo('ready="False",reason="R",synced="False",health="Healthy",waiting=""')]: gone(1450),
      [since("behind")]: "0x1450 stale",
    },
    ...{ from: 1441, until: 1452, labels: APP },
  },
  {
    alert: "OverseerRepositoryNotReady",
    series: {
      'overseer_resource_info{kind="GitRepository",namespace="team",name="repo",ready="False",reason="R",suspended="false"}':
        gone(20),
    },
    ...{ from: 15, until: 22, labels: { namespace: "team", name: "repo" } },
  },
  {
    alert: "OverseerRepositoryStale",
    series: {
      'overseer_git_last_success_timestamp_seconds{namespace="team",name="repo"}': "0x25 1560x20",
      'overseer_git_interval_seconds{namespace="team",name="repo"}': "180x60",
    },
    // After 10 minutes of more than 3 * 180 s + 60 s.
    ...{ from: 21, until: 27, labels: { namespace: "team", name: "repo" } },
  },
  {
    alert: "OverseerGitFailing",
    series: {
      'overseer_git_polls_total{result="failure"}': "0+3x30 90x40",
      'overseer_git_polls_total{result="success"}': "0+1x70",
    },
    ...{ from: 16, until: 50 },
  },
  { alert: "OverseerDriftNotHealed", series: { [since("drifted")]: "0x30 stale" }, from: 21, until: 32, labels: APP },
  { alert: "OverseerBackupFailing", series: { [since("backup_failed")]: gone(10) }, from: 5, until: 12, labels: APP },
  { alert: "OverseerDriftContested", series: { overseer_contested_objects: "1x15 0x10" }, from: 10, until: 17 },
  {
    alert: "OverseerReconcileErrors",
    series: { 'controller_reconcile_total{controller="overseerapp",result="error"}': "0+60x30 1800x30" },
    ...{ from: 17, until: 45, labels: { controller: "overseerapp" } },
  },
  {
    alert: "OverseerReconcileSlow",
    series: { [bucket("30")]: "0x60", [bucket("60")]: "0+1x30 30x30", [bucket("+Inf")]: "0+1x30 30x30" },
    ...{ from: 16, until: 45, labels: { controller: "overseerapp" } },
  },
  {
    alert: "OverseerQueueSlow",
    series: { 'overseer_queue_oldest_seconds{name="overseerapp"}': "61x15 60x10" },
    ...{ from: 10, until: 17, labels: { name: "overseerapp" } },
  },
  {
    alert: "OverseerEventLoopBusy",
    series: {
      'nodejs_eventloop_utilization{job="overseer",instance="a"}': "1x15 0x20",
      'overseer_build_info{job="overseer",instance="a",version="1"}': "1x40",
    },
    ...{ from: 10, until: 20, labels: { instance: "a" } },
  },
  {
    alert: "OverseerCoreDown",
    series: { 'overseer_core_up{core="core.test"}': "0x8 1x10" },
    from: 5,
    until: 10,
    labels: { core: "core.test" },
  },
  {
    alert: "OverseerNodeOffline",
    series: { 'overseer_node_online{core="core.test",node="n1"}': "0x8 1x10" },
    ...{ from: 5, until: 10, labels: { core: "core.test", node: "n1" } },
  },
  {
    alert: "OverseerClusterUnreachable",
    series: { 'overseer_cluster_up{cluster="0a1b2c3d"}': "0x8 1x10" },
    ...{ from: 5, until: 10, labels: { cluster: "0a1b2c3d" } },
  },
  {
    alert: "OverseerWebhooksFailing",
    series: { 'overseer_webhooks_total{provider="github",result="error"}': "0+1x20 20x40" },
    ...{ from: 16, until: 40 },
  },
  {
    alert: "OverseerApiErrors",
    series: { [requests("500")]: "0+1x20 20x30", [requests("200")]: "0+10x50" },
    from: 6,
    until: 35,
  },
  { alert: "OverseerAuditFailing", series: { overseer_audit_failures_total: "0x5 1x40" }, from: 6, until: 22 },
  {
    alert: "OverseerNotificationsFailing",
    series: {
      'overseer_notifications_total{provider="slack",result="error"}': "0x5 1+1x10 11x60",
      'overseer_notifications_total{provider="slack",result="success"}': "0x80",
    },
    from: 21,
    until: 31,
    labels: { provider: "slack" },
  },
  {
    alert: "OverseerBreakGlass",
    series: { 'overseer_approvals_total{decision="BreakGlass"}': "0x5 1x40" },
    from: 6,
    until: 22,
  },
];

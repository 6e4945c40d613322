using System.CommandLine.Parsing;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventGrains.Cli;
using EventGrains.Cli.Hosting;
using EventGrains.Silo;
using EventGrains.Tests.Gateway;
using k8s;
using k8s.Models;

namespace EventGrains.Tests.Cli;

/// <summary>The manifests, read strictly: a key that Kubernetes would drop fails here; and what they say of the program is true of it.</summary>
public sealed partial class KubernetesTests
{
    private static readonly string Base = Path.Combine(SourceTree.Root, "deploy", "kubernetes", "base");

    private static readonly List<object> Objects =
    [
        .. Directory.EnumerateFiles(Base, "*.yaml").Where(f => !(f.EndsWith("kustomization.yaml", StringComparison.Ordinal) || f.EndsWith("servicemonitor.yaml", StringComparison.Ordinal)))
            .SelectMany(f => KubernetesYaml.LoadAllFromString(File.ReadAllText(f), strict: true)),
    ];

    public static TheoryData<string> Roles => ["silo", "gateway"];

    [Fact]
    public void There_are_three_silos_and_two_gateways()
    {
        Assert.Equal(3, Of("silo").Spec.Replicas);
        Assert.Equal(2, Of("gateway").Spec.Replicas);
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void A_pod_starts_the_program_in_its_role_with_options_that_it_has(string role)
    {
        var args = Container(role).Args;
        var parsed = CommandLine.Tree(new RunWith().Surroundings(TextWriter.Null, TextWriter.Null)).Parse([.. args]);

        Assert.Empty(parsed.Errors);
        Assert.Equal("server", parsed.CommandResult.Command.Name);
        Assert.Equal(role, After(args, "--role"));
        Assert.Equal("postgres", After(args, "--store"));
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void Ports_and_probes_are_those_that_the_program_listens_on(string role)
    {
        var container = Container(role);
        var ports = container.Ports.ToDictionary(p => p.Name, p => p.ContainerPort.ToString());

        Assert.Equal(After(container.Args, "--port"), ports["http"]);
        Assert.Equal(role == "silo" ? After(container.Args, "--silo-port") : null, ports.GetValueOrDefault("silo"));
        Assert.Equal(role == "silo" ? After(container.Args, "--client-port") : null, ports.GetValueOrDefault("client"));
        foreach (var (probe, path) in new[] { (container.StartupProbe, "/healthz/live"), (container.LivenessProbe, "/healthz/live"), (container.ReadinessProbe, "/healthz/ready") })
        {
            Assert.Equal("http", probe.HttpGet.Port.Value);
            Assert.Equal(path, probe.HttpGet.Path);
        }
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void A_pod_has_no_rights_and_writes_nothing_but_what_is_mounted_for_it(string role)
    {
        var (pod, container) = (Of(role).Spec.Template.Spec, Container(role));

        Assert.True(pod.SecurityContext.RunAsNonRoot);
        Assert.False(pod.AutomountServiceAccountToken);
        Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
        Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
        Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
        Assert.All(container.Args.Where(a => a.StartsWith('/')), path => Assert.Contains(container.VolumeMounts, m => path.StartsWith(m.MountPath, StringComparison.Ordinal)));
        Assert.All(container.VolumeMounts, m => Assert.Contains(pod.Volumes, v => v.Name == m.Name));
        Assert.Empty(container.Env?.Where(e => e.Value is not null && e.Name.Contains("POSTGRES", StringComparison.Ordinal)) ?? []);
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void A_pod_is_given_longer_than_the_program_takes_to_stop_and_one_may_be_missing(string role)
    {
        var longest = ServerHost.StopWithin.TotalSeconds + (Container(role).Lifecycle?.PreStop.Sleep.Seconds ?? 0) + 10;

        Assert.True(Of(role).Spec.Template.Spec.TerminationGracePeriodSeconds > longest);
        var budget = Objects.OfType<V1PodDisruptionBudget>().Single(b => b.Metadata.Name == $"eventgrains-{role}");
        Assert.Equal(Of(role).Spec.Selector.MatchLabels, budget.Spec.Selector.MatchLabels);
        Assert.All(Of(role).Spec.Template.Spec.TopologySpreadConstraints, c => Assert.Equal(Of(role).Spec.Selector.MatchLabels, c.LabelSelector.MatchLabels));
        Assert.Equal("0", Of(role).Spec.Strategy.RollingUpdate.MaxUnavailable.Value);
    }

    [Theory]
    [InlineData("eventgrains", HttpStatusCode.OK)]
    [InlineData("eventgrains.NAMESPACE", HttpStatusCode.OK)]
    [InlineData("eventgrains.NAMESPACE.svc", HttpStatusCode.OK)]
    [InlineData("eventgrains.NAMESPACE.svc.cluster.local", HttpStatusCode.OK)]
    [InlineData("eventgrains.example.org", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    public async Task A_gateway_is_called_by_its_Services_names_and_by_those_of_the_overlay(string name, HttpStatusCode expected)
    {
        var service = Objects.OfType<V1Service>().Single(s => s.Metadata.Name == "eventgrains");
        Assert.Equal(service.Spec.Selector, Of("gateway").Spec.Template.Metadata.Labels);
        var environment = Environment("gateway", "lab", Overlay("names.yaml"));
        var settings = ServerSettings.Read(SettingsLayer.OfEnvironment(new RunWith { Environment = environment }.Surroundings(TextWriter.Null, TextWriter.Null)));
        await using var host = await GatewayHost.Start(s => s.AllowedHosts = settings.Gateway.AllowedHosts);
        var request = new HttpRequestMessage(HttpMethod.Get, "/healthz/live");
        request.Headers.Host = name.Replace("NAMESPACE", "lab", StringComparison.Ordinal);

        Assert.Equal(expected, (await host.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public void A_silo_may_say_whom_it_did_not_reach_before_its_start_is_given_up()
    {
        var (defaults, probe) = (new SiloSettings(), Container("silo").StartupProbe);

        Assert.True(probe.PeriodSeconds * probe.FailureThreshold > defaults.StoreWaitSeconds + defaults.JoinWithinSeconds + 15);
    }

    [Fact]
    public void A_gateway_serves_on_until_nobody_is_sent_to_it_any_more() =>
        Assert.Equal(5, Container("gateway").Lifecycle?.PreStop?.Sleep?.Seconds);

    [Fact]
    public void An_upgrade_holds_the_gateways_back_until_the_silos_are_through()
    {
        var commands = File.ReadLines(Path.Combine(SourceTree.Root, "deploy", "README.md"))
            .SkipWhile(line => line != "### Upgrading").TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("$ kubectl ", StringComparison.Ordinal)).ToList();

        var steps = new[] { "rollout pause deployment/eventgrains-gateway", "apply -k", "rollout status deployment/eventgrains-silo", "rollout resume deployment/eventgrains-gateway", "rollout status deployment/eventgrains-gateway" }
            .Select(step => commands.FindIndex(command => command.Contains(step, StringComparison.Ordinal))).ToList();

        Assert.DoesNotContain(-1, steps);
        Assert.Equal(steps.Order(), steps);
    }

    [Theory]
    [InlineData("eventgrains_unhealthy")]
    [InlineData("eventgrains_silos")]
    [InlineData("eventgrains_intake_waiting")]
    [InlineData("eventgrains_parked_deliveries")]
    public void What_alerts_are_set_on_has_a_panel(string metric)
    {
        using var dashboard = Dashboard();
        var asked = dashboard.RootElement.GetProperty("panels").EnumerateArray().SelectMany(p => p.GetProperty("targets").EnumerateArray()).Select(t => t.GetProperty("expr").GetString()!).ToList();

        Assert.Contains(asked, expression => Metric().Match(expression).Value == metric);
    }

    [Fact]
    public void The_dashboard_finds_a_cluster_that_has_not_taken_an_event_yet()
    {
        using var dashboard = Dashboard();
        var query = dashboard.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray().Single(v => v.GetProperty("name").GetString() == "namespace").GetProperty("query").GetString();

        // Every silo shows it from its start on; a counter is there from its first event on.
        Assert.Equal("label_values(eventgrains_silos, namespace)", query);
    }

    [Fact]
    public void The_dashboard_shows_metrics_that_there_are()
    {
        using var dashboard = Dashboard();
        var sources = string.Concat(Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "src"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var shown = Metric().Matches(dashboard.RootElement.GetRawText()).Select(m => m.Value.Replace("_bucket", "", StringComparison.Ordinal)).Distinct().ToList();

        Assert.NotEmpty(shown);
        Assert.All(shown, metric => Assert.Contains($"\"{metric}\"", sources, StringComparison.Ordinal));
    }

    /// <summary>What a container of the role sees, as Kubernetes makes it: each value may name those that stand before it.</summary>
    private static Dictionary<string, string> Environment(string role, string inNamespace, V1Deployment overlay)
    {
        var patched = overlay.Spec.Template.Spec.Containers.Single(c => c.Name == role).Env.ToDictionary(e => e.Name, e => e.Value);
        Assert.Equal(Of(role).Metadata.Name, overlay.Metadata.Name);
        Assert.All(patched.Keys, name => Assert.Contains(Container(role).Env, e => e.Name == name));
        var seen = new Dictionary<string, string>();
        foreach (var variable in Container(role).Env)
        {
            var value = variable.ValueFrom?.FieldRef.FieldPath == "metadata.namespace" ? inNamespace : patched.GetValueOrDefault(variable.Name, variable.Value);
            seen[variable.Name] = seen.Aggregate(value, (text, before) => text.Replace($"$({before.Key})", before.Value, StringComparison.Ordinal));
        }

        return seen;
    }

    private static V1Deployment Overlay(string file)
    {
        var overlay = Path.Combine(Base, "..", "overlays", "example");
        Assert.Contains($"- path: {file}", File.ReadAllText(Path.Combine(overlay, "kustomization.yaml")), StringComparison.Ordinal);
        return KubernetesYaml.LoadAllFromString(File.ReadAllText(Path.Combine(overlay, file)), strict: true).OfType<V1Deployment>().Single();
    }

    private static JsonDocument Dashboard() => JsonDocument.Parse(File.ReadAllText(Path.Combine(Base, "dashboard.json")));

    private static V1Deployment Of(string role) => Objects.OfType<V1Deployment>().Single(d => d.Metadata.Name == $"eventgrains-{role}");

    private static V1Container Container(string role) => Assert.Single(Of(role).Spec.Template.Spec.Containers);

    private static string? After(IList<string> args, string option) => args[args.IndexOf(option) + 1];

    [GeneratedRegex("eventgrains_[a-z_]+")]
    private static partial Regex Metric();
}

using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventGrains.Cli;
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
        Assert.True(Of(role).Spec.Template.Spec.TerminationGracePeriodSeconds > 30 + 10);
        var budget = Objects.OfType<V1PodDisruptionBudget>().Single(b => b.Metadata.Name == $"eventgrains-{role}");
        Assert.Equal(Of(role).Spec.Selector.MatchLabels, budget.Spec.Selector.MatchLabels);
        Assert.All(Of(role).Spec.Template.Spec.TopologySpreadConstraints, c => Assert.Equal(Of(role).Spec.Selector.MatchLabels, c.LabelSelector.MatchLabels));
        Assert.Equal("0", Of(role).Spec.Strategy.RollingUpdate.MaxUnavailable.Value);
    }

    [Fact]
    public void The_dashboard_shows_metrics_that_there_are()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Base, "dashboard.json")));
        var sources = string.Concat(Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "src"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var shown = Metric().Matches(dashboard.RootElement.GetRawText()).Select(m => m.Value.Replace("_bucket", "", StringComparison.Ordinal)).Distinct().ToList();

        Assert.NotEmpty(shown);
        Assert.All(shown, metric => Assert.Contains($"\"{metric}\"", sources, StringComparison.Ordinal));
    }

    private static V1Deployment Of(string role) => Objects.OfType<V1Deployment>().Single(d => d.Metadata.Name == $"eventgrains-{role}");

    private static V1Container Container(string role) => Assert.Single(Of(role).Spec.Template.Spec.Containers);

    private static string? After(IList<string> args, string option) => args[args.IndexOf(option) + 1];

    [GeneratedRegex("eventgrains_[a-z_]+")]
    private static partial Regex Metric();
}

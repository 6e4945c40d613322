using System.Globalization;
using System.Net;
using System.Text;

namespace EventGrains.LoadTest.Report;

/// <summary>Lines over the seconds of a run, as SVG; the axis of values is linear from 0, or logarithmic.</summary>
internal sealed class Plot(string title, double seconds, bool isLogarithmic)
{
    private const double Width = 1_100;
    private const double Height = 320;
    private const double Left = 70;
    private const double Right = 20;
    private const double Top = 46;
    private const double Bottom = 40;
    private const int TicksWanted = 6;

    private readonly List<Line> _lines = [];
    private readonly List<(double From, double To, string Label)> _marks = [];

    /// <summary>Not finite values are gaps; on a logarithmic axis so are those not above 0.</summary>
    public void AddLine(string name, string color, IEnumerable<(double Second, double Value)> points) => _lines.Add(new Line(name, color, [.. points]));

    /// <summary>A time in which something was done to the cluster.</summary>
    public void AddMark(double from, double to, string label) => _marks.Add((from, to, label));

    public string ToSvg()
    {
        var values = _lines.SelectMany(l => l.Points).Select(p => p.Value).Where(IsDrawn).ToList();
        var axis = isLogarithmic ? Axis.Logarithmic(values) : Axis.Linear(values);
        var svg = new StringBuilder();
        Add(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        Add(svg, $"<text x=\"{Left}\" y=\"16\" font-size=\"14\" font-weight=\"bold\">{Text(title)}</text>\n");
        AddMarks(svg);
        AddAxes(svg, axis);
        for (var n = 0; n < _lines.Count; n++)
        {
            AddLine(svg, axis, _lines[n], n);
        }

        return svg.Append("</svg>\n").ToString();
    }

    private void AddMarks(StringBuilder svg)
    {
        foreach (var (from, to, label) in _marks)
        {
            Add(svg, $"<rect x=\"{X(from):0.#}\" y=\"{Top}\" width=\"{Math.Max(1.5, X(to) - X(from)):0.#}\" height=\"{Height - Top - Bottom}\" fill=\"#d33\" fill-opacity=\"0.13\"><title>{Text(label)}</title></rect>\n");
            Add(svg, $"<text x=\"{X(from) + 3:0.#}\" y=\"{Top + 11}\" font-size=\"9\" fill=\"#a22\">{Text(label)}</text>\n");
        }
    }

    private void AddAxes(StringBuilder svg, Axis axis)
    {
        foreach (var value in axis.Ticks)
        {
            Add(svg, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(axis, value):0.#}\" y2=\"{Y(axis, value):0.#}\" stroke=\"#ccc\"/>\n");
            Add(svg, $"<text x=\"{Left - 6}\" y=\"{Y(axis, value) + 4:0.#}\" text-anchor=\"end\">{value:#,0.###}</text>\n");
        }

        var step = Axis.Round(seconds / 10);
        for (var second = 0.0; second <= seconds; second += step)
        {
            Add(svg, $"<text x=\"{X(second):0.#}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{second:0.#} s</text>\n");
        }
    }

    private void AddLine(StringBuilder svg, Axis axis, Line line, int n)
    {
        var path = new StringBuilder();
        var isOpen = false;
        foreach (var (second, value) in line.Points)
        {
            if (IsDrawn(value))
            {
                Add(path, $"{(isOpen ? 'L' : 'M')}{X(second):0.#} {Y(axis, value):0.#}");
            }

            isOpen = IsDrawn(value);
        }

        Add(svg, $"<path d=\"{path}\" fill=\"none\" stroke=\"{line.Color}\" stroke-width=\"1.5\"/>\n");
        Add(svg, $"<text x=\"{Left + n * 150}\" y=\"{Top - 12}\" fill=\"{line.Color}\">— {Text(line.Name)}</text>\n");
    }

    private bool IsDrawn(double value) => double.IsFinite(value) && (!isLogarithmic || value > 0);

    private double X(double second) => Left + Math.Clamp(second / Math.Max(1, seconds), 0, 1) * (Width - Left - Right);

    private static double Y(Axis axis, double value) => Height - Bottom - axis.Share(value) * (Height - Top - Bottom);

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static void Add(StringBuilder to, FormattableString text) => to.Append(text.ToString(CultureInfo.InvariantCulture));

    private sealed record Line(string Name, string Color, (double Second, double Value)[] Points);

    private sealed record Axis(double Min, double Max, bool IsLogarithmic, IReadOnlyList<double> Ticks)
    {
        public double Share(double value) => Math.Clamp(
            IsLogarithmic ? Math.Log(value / Min) / Math.Log(Max / Min) : (value - Min) / (Max - Min), 0, 1);

        public static Axis Linear(IEnumerable<double> values)
        {
            var step = Round(values.Append(1).Max() / TicksWanted);
            var ticks = Enumerable.Range(0, (int)Math.Ceiling(values.Append(1).Max() / step) + 1).Select(n => n * step).ToList();
            return new Axis(0, ticks[^1], false, ticks);
        }

        public static Axis Logarithmic(IReadOnlyCollection<double> values)
        {
            var from = (int)Math.Floor(Math.Log10(values.DefaultIfEmpty(1).Min()));
            var to = Math.Max(from + 1, (int)Math.Ceiling(Math.Log10(values.DefaultIfEmpty(1).Max())));
            return new Axis(Math.Pow(10, from), Math.Pow(10, to), true, [.. Enumerable.Range(from, to - from + 1).Select(n => Math.Pow(10, n))]);
        }

        /// <summary>The next of 1, 2, 5, 10, 20 ...</summary>
        public static double Round(double step)
        {
            var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(step, 1e-6))));
            return power * (step / power) switch
            {
                <= 1 => 1,
                <= 2 => 2,
                <= 5 => 5,
                _ => 10,
            };
        }
    }
}

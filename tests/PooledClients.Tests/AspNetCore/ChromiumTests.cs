using System.Diagnostics;

namespace PooledClients.Tests.AspNetCore;

/// <summary>The page in a real browser, at the sizes and in the colours that it is made for. The pictures are for a person to look at; what a test can tell is that the browser showed it.</summary>
public sealed class ChromiumTests
{
    private static readonly string? Chromium = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);

    [Theory]
    [InlineData("light", 1280, 1400)]
    [InlineData("dark", 1280, 1400)]
    [InlineData("light", 390, 844)]
    public async Task Page_InTheBrowser_IsShown(string colours, int width, int height)
    {
        Assert.SkipWhen(Chromium is null, "Chromium is not installed here; .ci/run installs it.");
        await using var page = await PageFixture.StartAsync(Snapshots.Trouble());
        var folder = Environment.GetEnvironmentVariable("POOLEDCLIENTS_PICTURES") is { Length: > 0 } kept
            ? Directory.CreateDirectory(kept).FullName
            : Directory.CreateTempSubdirectory("pooled-clients-page").FullName;
        var picture = Path.Combine(folder, $"page-{colours}-{width}.png");

        var dom = await RunAsync(page.Address, "--dump-dom", $"--window-size={width},{height}");
        await RunAsync(page.Address, $"--screenshot={picture}", $"--window-size={width},{height}", colours == "dark" ? "--blink-settings=preferredColorScheme=0" : "--blink-settings=preferredColorScheme=1");

        Assert.Contains("<h2>TROUBLE</h2>", dom, StringComparison.Ordinal);
        Assert.Contains("search.internal:9101 cannot be reached", dom, StringComparison.Ordinal);
        Assert.True(new FileInfo(picture).Length > 20_000, "The picture is next to empty.");
    }

    private static async Task<string> RunAsync(Uri address, params string[] arguments)
    {
        var start = new ProcessStartInfo(Chromium!) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", $"--user-data-dir={Directory.CreateTempSubdirectory("chromium").FullName}", .. arguments, new Uri(address, "/debug/pooled-clients").ToString()])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var errors = process.StandardError.ReadToEndAsync(timeout.Token);
        var output = await process.StandardOutput.ReadToEndAsync(timeout.Token);
        await process.WaitForExitAsync(timeout.Token);
        Assert.True(process.ExitCode == 0, await errors);
        return output;
    }
}

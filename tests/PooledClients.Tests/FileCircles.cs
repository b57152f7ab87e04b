namespace PooledClients.Tests;

/// <summary>Groups of files each of which leads to all others of its group by names (Tarjan's strongly connected components).</summary>
internal sealed class FileCircles
{
    private readonly Dictionary<SourceFile, List<SourceFile>> _names;
    private readonly Dictionary<SourceFile, int> _found = [];
    private readonly Dictionary<SourceFile, int> _lowest = [];
    private readonly Stack<SourceFile> _open = new();
    private readonly List<IReadOnlyList<string>> _circles = [];

    private FileCircles(List<SourceFile> files) => _names = files.ToDictionary(static file => file, file => file.Names(files).ToList());

    public static IReadOnlyList<IReadOnlyList<string>> Find(List<SourceFile> files)
    {
        var circles = new FileCircles(files);
        foreach (var file in files)
        {
            if (!circles._found.ContainsKey(file))
            {
                circles.Visit(file);
            }
        }

        return circles._circles;
    }

    private void Visit(SourceFile file)
    {
        _found[file] = _lowest[file] = _found.Count;
        _open.Push(file);
        foreach (var named in _names[file])
        {
            if (!_found.TryGetValue(named, out var found))
            {
                Visit(named);
                _lowest[file] = Math.Min(_lowest[file], _lowest[named]);
            }
            else if (_open.Contains(named))
            {
                _lowest[file] = Math.Min(_lowest[file], found);
            }
        }

        if (_lowest[file] == _found[file])
        {
            var circle = new List<string>();
            SourceFile last;
            do
            {
                last = _open.Pop();
                circle.Add(last.Path);
            }
            while (last != file);

            _circles.Add([.. circle.Order(StringComparer.Ordinal)]);
        }
    }
}

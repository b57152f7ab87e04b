using PooledClients.TestBed.Files;

namespace PooledClients.Tests.Tls;

/// <summary>A file that changes in one of the ways of the world.</summary>
internal sealed class ChangingFile
{
    private readonly TempFolder _folder;
    private readonly FileChange _change;
    private int _version;

    public ChangingFile(TempFolder folder, FileChange change, string content)
    {
        (_folder, _change) = (folder, change);
        if (change == FileChange.DataLinkSwap)
        {
            SwapDataLink(content);
            File.CreateSymbolicLink(Path, System.IO.Path.Combine("..data", "ca.pem"));
        }
        else
        {
            File.WriteAllText(Path, content);
        }
    }

    public string Path => _folder.PathOf("ca.pem");

    public void Change(string content)
    {
        switch (_change)
        {
            case FileChange.AtomicRename:
                File.Move(_folder.Write("new.pem", content), Path, overwrite: true);
                break;
            case FileChange.RewriteInPlace:
                File.WriteAllText(Path, content);
                break;
            case FileChange.DeleteAndCreate:
                File.Delete(Path);
                File.WriteAllText(Path, content);
                break;
            default:
                SwapDataLink(content);
                break;
        }
    }

    private void SwapDataLink(string content)
    {
        var folder = $"..version_{++_version}";
        Directory.CreateDirectory(_folder.PathOf(folder));
        File.WriteAllText(_folder.PathOf(System.IO.Path.Combine(folder, "ca.pem")), content);
        // Kubernetes renames a new link over the old one; nobody looks in between here.
        var link = _folder.PathOf("..data");
        File.Delete(link);
        File.CreateSymbolicLink(link, folder);
    }
}
